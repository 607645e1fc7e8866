import os
import sys

from generator import Generator

generator = Generator()
generator.check_access(*sys.argv[1:])
print(len(generator.client.get_activities()), "activities")
print("the action's token:", generator.client.access_token == os.environ.get("STRAVA_ACCESS_TOKEN"))
