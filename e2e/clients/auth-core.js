import assert from "node:assert";
import { Auth, skipCSRFCheck } from "@auth/core";
import Strava from "@auth/core/providers/strava";
import { authorize } from "./athlete.js";

let account, profile;
const config = {
  secret: "made-up", trustHost: true, basePath: "/auth", skipCSRFCheck,
  providers: [Strava({ clientId: process.env.STRAVA_CLIENT_ID, clientSecret: process.env.STRAVA_CLIENT_SECRET })],
  callbacks: {
    jwt(all) {
      if (all.account) ({ account, profile } = all);
      return all.token;
    },
  },
};
const asked = await Auth(new Request("http://localhost/auth/signin/strava", { method: "POST", body: new URLSearchParams() }), config);
const cookie = asked.headers.getSetCookie().map((c) => c.split(";")[0]).join("; ");

const callback = await authorize(asked.headers.get("location"));
const arrived = await Auth(new Request(callback, { headers: { cookie } }), config);
assert.ok(arrived.headers.getSetCookie().some((c) => c.includes("session-token")), `no session: ${arrived.headers.get("location")}`);
assert.equal(profile.id, 126651800);
assert.ok(account.access_token && account.refresh_token);
