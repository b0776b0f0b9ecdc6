"""What the interop tests share: starting the runner, the bundled sample, and skipping when a peer is missing."""

import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "artifacts" / "sample" / "cppdocs_768.npz"
DATA = pathlib.Path(os.environ.get("RUNNER_DATA") or SAMPLE)
SKIPPED = 77  # ctest's SKIP_RETURN_CODE


def need(module):
    """The imported module, or the test is skipped."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        print(f"skipped: {sys.executable} has no {module} ({error})")
        sys.exit(SKIPPED)


def runner(*arguments):
    """Runs the runner with --json; returns the object of its last line. Fails the test on any other exit code than 0."""
    command = [os.environ["RUNNER"], *map(str, arguments), "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def folder():
    """A folder that goes away with the test."""
    return tempfile.TemporaryDirectory(prefix="runner_interop_")


def check(condition, message):
    if not condition:
        sys.exit(f"FAILED: {message}")


def windows(articles, context, offset):
    """First rows of all windows inside one article, in file order. Rows of an article lie together."""
    last = context - 1 + offset
    return [i for i in range(len(articles) - last) if articles[i] == articles[i + last]]


def validation_windows(articles, context, offset, fraction):
    """The article split: of the articles with a window, sorted by number, the last floor(fraction n), at least one."""
    starts = windows(articles, context, offset)
    with_window = sorted({int(articles[i]) for i in starts})
    held_out = set(with_window[-max(1, int(fraction * len(with_window))):])
    return [i for i in starts if int(articles[i]) in held_out]
