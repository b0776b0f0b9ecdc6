#!/usr/bin/env python3
"""What of the peers this Python has. Prints one JSON object: {"torch": {"version": …} or {"error": why not}, …}."""
import importlib
import json

found = {}
for name in ("numpy", "torch", "faiss"):
    try:
        found[name] = {"version": str(importlib.import_module(name).__version__)}
    except Exception as trouble:  # whatever a broken installation throws
        found[name] = {"error": f"{type(trouble).__name__}: {trouble}"}
print(json.dumps(found))
