import assert from "node:assert";
import strava from "strava-v3";
import { authorize } from "./athlete.js";

strava.config({
  client_id: process.env.STRAVA_CLIENT_ID,
  client_secret: process.env.STRAVA_CLIENT_SECRET,
  redirect_uri: "http://localhost/callback",
});
const link = strava.oauth.getRequestAccessURL({ scope: "read,activity:read_all", state: "here" });
const callback = await authorize(link);
assert.equal(callback.searchParams.get("state"), "here");

const first = await strava.oauth.getToken(callback.searchParams.get("code"));
assert.equal(first.athlete.id, 126651800);
const second = await strava.oauth.refreshToken(first.refresh_token);
assert.notEqual(second.refresh_token, first.refresh_token);

const client = new strava.client(second.access_token);
assert.equal((await client.athlete.get({})).id, 126651800);
const activities = await client.athlete.listActivities({ page: 2, per_page: 4 });
assert.equal(activities.length, 3);
assert.equal(strava.rateLimiting.exceeded(), false);

assert.equal((await strava.oauth.deauthorize({ access_token: second.access_token })).access_token, second.access_token);
await assert.rejects(client.athlete.get({}), { statusCode: 401 });
await assert.rejects(strava.oauth.refreshToken(second.refresh_token), { statusCode: 400 });
