"""Stands in for stravalib, which can't be fetched here: what running_page uses of it."""

from stravalib.client import Client
