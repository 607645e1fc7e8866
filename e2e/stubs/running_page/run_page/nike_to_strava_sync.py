import os
import sys

from utils import make_strava_client

client = make_strava_client(*sys.argv[1:])
print(len(client.get_activities()), "activities")
print("the action's token:", client.access_token == os.environ.get("STRAVA_ACCESS_TOKEN"))
