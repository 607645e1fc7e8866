"""Tells what python loads before a script does."""

import sys

slow = [name for name in ("stravalib", "importlib.util", "typing") if name in sys.modules]
print("loaded at the start:", slow)
print("the block is there:", hasattr(sys.modules.get("sitecustomize"), "Finder"))

import stravalib  # so that it's known to be there

print("stravalib is there:", stravalib.Client is not None)
