// The same work as an action in JavaScript, with the usual toolkit.
import * as core from "@actions/core";
import * as github from "@actions/github";
import sodium from "libsodium-wrappers";

async function run() {
  const answer = await fetch(`${core.getInput("strava-url")}/oauth/token`, {
    method: "POST",
    body: new URLSearchParams({
      client_id: core.getInput("client-id"),
      client_secret: core.getInput("client-secret"),
      grant_type: "refresh_token",
      refresh_token: core.getInput("refresh-token"),
    }),
  });
  if (!answer.ok) throw new Error(`refresh: ${answer.status}`);
  const token = await answer.json();
  core.setSecret(token.access_token);
  core.setSecret(token.refresh_token);

  const athlete = await fetch(`${core.getInput("strava-api-url")}/athlete`, {
    headers: { Authorization: `Bearer ${token.access_token}` },
  });
  if (!athlete.ok) throw new Error(`athlete: ${athlete.status}`);
  await athlete.json();

  const octokit = github.getOctokit(core.getInput("github-token"));
  const secrets = octokit.rest.actions;
  const { data: key } = await secrets.getRepoPublicKey(github.context.repo);
  await sodium.ready;
  const sealed = sodium.crypto_box_seal(
    sodium.from_string(token.refresh_token),
    sodium.from_base64(key.key, sodium.base64_variants.ORIGINAL),
  );
  await secrets.createOrUpdateRepoSecret({
    ...github.context.repo,
    secret_name: core.getInput("rotate-to"),
    encrypted_value: sodium.to_base64(sealed, sodium.base64_variants.ORIGINAL),
    key_id: key.key_id,
  });
  core.setOutput("access-token", token.access_token);
}

run().catch((error) => core.setFailed(error.message));
