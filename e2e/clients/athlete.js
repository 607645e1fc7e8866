// What an athlete does in a browser: logs in, and leaves every box ticked.
// Returns the address that the browser is sent back to.
export async function authorize(link) {
  const stay = { redirect: "manual" };
  const login = await fetch(link, stay);
  const next = new URL(login.headers.get("location"), process.env.STRAVA_URL).searchParams.get("next");
  const session = await fetch("https://www.strava.com/login", { ...stay, method: "POST", body: new URLSearchParams({ next }) });
  const cookie = session.headers.get("set-cookie").split(";")[0];
  const page = await (await fetch("https://www.strava.com" + session.headers.get("location"), { headers: { cookie } })).text();
  const action = /action="([^"]*)"/.exec(page)[1].replaceAll("&amp;", "&");
  const body = new URLSearchParams({ answer: "accept" });
  for (const [, scope] of page.matchAll(/name="granted" value="([^"]*)"/g)) body.append("granted", scope);
  const done = await fetch("https://www.strava.com" + action, { ...stay, method: "POST", headers: { cookie }, body });
  return new URL(done.headers.get("location"));
}
