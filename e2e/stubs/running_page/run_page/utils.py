"""The other one: the syncs to Strava, and from it to elsewhere."""

from stravalib.client import Client


def make_strava_client(client_id, client_secret, refresh_token):
    client = Client()
    response = client.refresh_access_token(
        client_id=client_id, client_secret=client_secret, refresh_token=refresh_token
    )
    client.access_token = response["access_token"]
    return client
