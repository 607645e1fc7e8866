"""Tells what python loads before a script does."""

import sys

loaded = [name for name in sys.modules if name.split(".")[0] == "stravalib"]
hook = getattr(sys.modules.get("sitecustomize"), "Finder", None)
print("stravalib at the start:", bool(loaded), "the block:", hook is not None)
import stravalib  # noqa: E402, so that it's known to be there

print("it's there:", stravalib.Client is not None)
