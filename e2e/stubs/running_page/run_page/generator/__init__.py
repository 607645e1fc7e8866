"""One of the two places in which running_page refreshes: the sync from Strava."""

import stravalib


class Generator:
    def __init__(self):
        self.client = stravalib.Client()

    def check_access(self, client_id, client_secret, refresh_token):
        response = self.client.refresh_access_token(
            client_id=client_id, client_secret=client_secret, refresh_token=refresh_token
        )
        self.refresh_token = response["refresh_token"]
        self.client.access_token = response["access_token"]
        print("Access ok")
