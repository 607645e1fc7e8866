#!/bin/sh
# Plain Docker: print an access token, and keep the refresh token in a folder on this
# machine. The image is the action's own, named by the version of a release (better:
# by its digest, which that release's action.yml names). Put STRAVA_CLIENT_ID,
# STRAVA_CLIENT_SECRET and, for the first run only, STRAVA_REFRESH_TOKEN into
# strava.env, mode 0600, in the folder you start this from.
# strava-token login --format dotenv prints them.
set -eu
image=${IMAGE:-ghcr.io/<OWNER>/strava-token:v1.2.3}
state=${STATE:-$HOME/.strava}
mkdir -p "$state"
chmod 700 "$state"
# The folder is mounted, not the file, which is replaced and locked.
exec "${ENGINE:-docker}" run --rm --user "$(id -u):$(id -g)" --env-file strava.env \
  --volume "$state:/state" "$image" refresh --rotate-to file:/state/token
