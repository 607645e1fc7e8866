"""The same work in Python, with requests and PyNaCl."""

import base64
import os

import requests
from nacl.public import PublicKey, SealedBox

env = os.environ
session = requests.Session()

answer = session.post(
    env["STRAVA_URL"] + "/oauth/token",
    data={
        "client_id": env["STRAVA_CLIENT_ID"],
        "client_secret": env["STRAVA_CLIENT_SECRET"],
        "grant_type": "refresh_token",
        "refresh_token": env["STRAVA_REFRESH_TOKEN"],
    },
    timeout=20,
)
answer.raise_for_status()
token = answer.json()
print("::add-mask::" + token["access_token"])
print("::add-mask::" + token["refresh_token"])

athlete = session.get(
    env["STRAVA_API_URL"] + "/athlete",
    headers={"Authorization": "Bearer " + token["access_token"]},
    timeout=20,
)
athlete.raise_for_status()
athlete.json()

secrets = env["GITHUB_API_URL"] + "/repos/" + env["GITHUB_REPOSITORY"] + "/actions/secrets/"
github = {"Authorization": "Bearer " + env["GH_TOKEN"]}
answer = session.get(secrets + "public-key", headers=github, timeout=20)
answer.raise_for_status()
key = answer.json()
sealed = SealedBox(PublicKey(base64.b64decode(key["key"]))).encrypt(token["refresh_token"].encode())
session.put(
    secrets + "STRAVA_REFRESH_TOKEN",
    json={"encrypted_value": base64.b64encode(sealed).decode(), "key_id": key["key_id"]},
    headers=github,
    timeout=20,
).raise_for_status()

with open(env["GITHUB_OUTPUT"], "a", encoding="utf-8") as output:
    output.write("access-token=" + token["access_token"] + "\n")
