// Sends what is meant for www.strava.com to the sandbox at STRAVA_URL: the only
// thing about a client that differs. Preloaded with --import.
import http from "node:http";
import https from "node:https";

const sandbox = new URL(process.env.STRAVA_URL);
const strava = "www.strava.com";

const fetched = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const request = new Request(input, init);
  const url = new URL(request.url);
  if (url.host === strava) {
    url.protocol = sandbox.protocol;
    url.host = sandbox.host;
    return fetched(new Request(url, request));
  }
  return fetched(request);
};

https.request = (options, done) => {
  if (options.hostname !== strava) throw new Error(`not Strava: ${options.hostname}`);
  return http.request({
    ...options, protocol: "http:", hostname: sandbox.hostname, host: sandbox.host, port: sandbox.port,
    agent: undefined, agents: undefined,
  }, done);
};
