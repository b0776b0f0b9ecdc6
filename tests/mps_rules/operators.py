#!/usr/bin/env python3
"""Writes operators.txt: the operators that PyTorch registers for MPS.

  operators.py WHEEL > operators.txt

WHEEL: PyTorch's wheel for macOS on arm64. Its registrations are generated from the table native_functions.yaml, which the
wheel holds: an operator is MPS's where its row, or the row that it delegates to, names MPS.
"""
import sys
import zipfile

import yaml

TABLE = "torchgen/packaged/ATen/native/native_functions.yaml"
wheel = sys.argv[1]
rows = yaml.safe_load(zipfile.ZipFile(wheel).read(TABLE))
keys = {}
for row in rows:
    named = {key.strip() for names in row.get("dispatch", {}) for key in names.split(",")}
    keys[row["func"].split("(")[0]] = (named, row.get("structured_delegate"))
names = sorted(n for n, (own, to) in keys.items() if "MPS" in own or (to and "MPS" in keys[to][0]))
print(f"# The {len(names)} operators that PyTorch registers for MPS, of {wheel.rsplit('/', 1)[-1]}; made by operators.py.")
print("\n".join(names))
