"""What a job left: whether an artifact opens in a reader that is not the runner's, and how two folders differ."""
import json
import re
import struct
import zipfile
from pathlib import Path

try:
    import faiss
except ImportError:
    faiss = None
try:
    import numpy
except ImportError:
    numpy = None

# What tells times, places of this run's own and what happened on the way.
VOLATILE = re.compile(r"(^|_)(ms|s|seconds|started|ended|time|when|rss_mb|pid|bytes_per_second|per_second|hash_cached)$|"
                      r"^(launch|timings|versions|libraries|environment|progress|created|published|version|log|status|"
                      r"samples_per_second|queries_per_second|speed|device|finished_at|step_ms|manifest)$")
UNCOMPARED = {"train.log", "report.html", ".lock", "lock", "cache"}
CURVES = re.compile(r"metrics\.jsonl$")
LEFT_OVER = re.compile(r"\.tmp$|\.building$|^\.writing|^\.old|\.part$")


def objection(path, run):
    """"" when the artifact opens; `run` runs the program."""
    path = Path(path)
    try:
        if path.suffix in (".npz", ".pt"):
            bad = zipfile.ZipFile(path).testzip()
            if bad:
                return f"{path}: {bad} is damaged"
            if path.suffix == ".npz" and numpy:
                with numpy.load(path) as arrays:
                    for name in arrays.files:
                        arrays[name]
        elif path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".safetensors":
            data = path.read_bytes()
            size = struct.unpack("<Q", data[:8])[0]
            header = json.loads(data[8:8 + size])
            header.pop("__metadata__", None)
            if max(t["data_offsets"][1] for t in header.values()) != len(data) - 8 - size:
                return f"{path}: cut short"
        elif path.suffix == ".index":
            if faiss:
                faiss.read_index(str(path))
            found = run(["runs", "verify", path.name])
            if found.returncode != 0:
                return f"{path}: {found.stdout}{found.stderr}"
    except Exception as error:  # whatever a reader says
        return f"{path}: {type(error).__name__}: {error}"
    return ""


def _without_times(value):
    if isinstance(value, dict):
        return {k: _without_times(v) for k, v in value.items() if not VOLATILE.search(k)}
    return [_without_times(v) for v in value] if isinstance(value, list) else value


def _comparable(path):
    name = path.name
    if path.suffix == ".jsonl":
        return [_without_times(json.loads(line)) for line in path.read_text().splitlines()]
    if name == "state.json":  # its checksum is of the times too
        return _without_times(json.loads(path.read_text().split("\n", 1)[1]))
    if name.endswith("manifest.json"):
        told = json.loads(path.read_text())
        return {key: told.get(key) for key in ("outcome", "config", "data")}
    if name == "last_run.json":
        return json.loads(path.read_text())["outcome"]
    if name.endswith(".lock.json"):
        return sorted(json.loads(path.read_text()).get("steps", {}))
    if path.suffix == ".json":
        return _without_times(json.loads(path.read_text()))
    return path.read_bytes()


def _files(folder):
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        parts = path.relative_to(folder).parts
        if UNCOMPARED & set(parts) or path.suffix in (".lock", ".running") or "tensorboard" in parts or "logs" in parts:
            continue
        found[re.sub(r"\d{8}T\d{6}Z", "TIME", "/".join(parts))] = path
    return found


def difference(expected, folder, without_curves=False):
    """"" or the first file that differs in more than times, is missing or is left over. `without_curves`: the run has warned that it
    goes on without its curves, whose files may then lack lines."""
    was, now = _files(expected), _files(folder)
    for path in Path(folder).rglob("*"):
        # The cache has a file for each set of libraries, and the injected one makes a set of its own.
        if LEFT_OVER.search(path.name) and "cache" not in path.relative_to(folder).parts:
            return f"{path.name} is left behind"
    for name in now:
        if name not in was:
            return f"{name} is left behind"
    for name, path in was.items():
        if name not in now:
            return f"{name} is missing"
        if without_curves and CURVES.search(name):
            continue
        if path.is_file() and not path.is_symlink() and _comparable(path) != _comparable(now[name]):
            return f"{name} differs"
    return ""
