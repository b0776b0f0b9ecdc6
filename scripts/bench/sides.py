"""The sides of a comparison: programs that run, answer in JSON, and may fail; and the Pythons that have the peers."""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class Failed(Exception):
    """Why a side has no figure."""


@contextlib.contextmanager
def child(command, **arguments):
    """A child process; whatever ends the benchmark ends it too, as SIGTERM does."""
    with subprocess.Popen(list(map(str, command)), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **arguments) as process:
        try:
            yield process
        except BaseException:
            process.terminate()
            process.communicate()
            raise


def run(command, good=(0,), **arguments):
    """What a program says on stdout."""
    with child(command, **arguments) as process:
        out, err = process.communicate()
    if process.returncode not in good:
        raise Failed(last_line(err or out) or f"exit code {process.returncode}")
    return out


def last_line(text):
    """Where a program puts its error or its JSON; "" when it said nothing."""
    return (text.strip().splitlines() or [""])[-1]


def last_json(text):
    return json.loads(last_line(text))


class Peer:
    """A side that a script beside this one measures. It tries one thread and all cores the first time, and keeps the better."""

    def __init__(self, python, script, key, *arguments):
        self.command, self.key, self.threads = [python, HERE / script, *arguments, "--threads"], key, 0

    def __call__(self):
        result = last_json(run([*self.command, self.threads]))
        self.threads = result["threads"]
        return result[self.key]


def find_peers():
    """{"torch": (python, version), …}: for each library the first Python that has it, and NumPy; why not, on stderr."""
    named = os.environ.get("RUNNER_BENCH_PYTHON")
    found, reasons = {}, []
    for python in [named] if named else [str(ROOT / ".venv/bin/python"), "/usr/bin/python3", sys.executable]:
        if len(found) == 3 or not (named or shutil.which(python)):
            continue
        try:
            has = last_json(run([python, HERE / "versions.py"]))
        except (OSError, Failed) as trouble:
            reasons.append((None, f"{python}: {trouble}"))
            continue
        for name, what in has.items():
            if "version" in what and "version" in has["numpy"]:
                found.setdefault(name, (python, what["version"]))
            elif "error" in what:
                reasons.append((name, f"{python}: {what['error']}"))
    for name, reason in reasons:
        if name not in found:
            print(f"bench: no {name or 'peers'}: {reason}", file=sys.stderr)
    return found
