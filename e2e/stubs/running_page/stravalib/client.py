import json
import os
from urllib.parse import urlencode
from urllib.request import Request, urlopen


class Client:
    access_token = None

    def refresh_access_token(self, client_id, client_secret, refresh_token):
        form = urlencode({
            "grant_type": "refresh_token", "client_id": client_id,
            "client_secret": client_secret, "refresh_token": refresh_token,
        })
        return json.load(urlopen(os.environ["SANDBOX"] + "/oauth/token", form.encode()))

    def get_activities(self):
        request = Request(
            os.environ["SANDBOX"] + "/api/v3/athlete/activities",
            headers={"Authorization": "Bearer " + self.access_token},
        )
        return json.load(urlopen(request))
