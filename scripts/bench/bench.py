#!/usr/bin/env python3
"""Driver of scripts/bench.sh: runs each side in turns and prints one table. Needs only Python's own library; the peers run in
processes of their own, with the Python that has them."""
import argparse
import functools
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import statistics
import sys
import tempfile
import time

import compare
import training
from curves import Curves
from row_files import RowFiles
from sides import ROOT, Failed, Peer, child, find_peers, last_json, run
from table import print_header, print_row
from timing import thread_choices
from training import FEW_VALIDATED, cpu_info, native_bf16

# The old tools, as recorded on 2 cores; quoted, not run.
OLD = {"sequences of the shared file, s": 15.7, "5CAT of 2 × 500 samples, s": 189}
SIDES = ("runner", "peer", "floor")
EXIT_CODES = {name: int(code) for name, code in re.findall(r"\bEXIT_(\w+)=(\d+)", (ROOT / "scripts/common.sh").read_text())}
EXIT_FAILED, EXIT_ENVIRONMENT, EXIT_GATE = (EXIT_CODES[name] for name in ("FAILED", "ENVIRONMENT", "GATE"))


class Bench:
    def __init__(self, options, folder):
        self.o = options
        self.folder = pathlib.Path(folder)
        self.peers = {} if options.curves else find_peers()
        self.rows = []
        self.failed = False  # one of our own sides

    @functools.cached_property
    def data(self):
        return RowFiles(self.o.data, self.folder)

    def runner(self, *arguments):
        return last_json(run([self.o.runner, *arguments, "--json", "--quiet"], cwd=ROOT))

    def peer(self, library, script, key, *arguments):
        return Peer(self.peers[library][0], script, key, *arguments) if library in self.peers else None

    def attempt(self, what, function, ours=True):
        """function(), or None and the reason on stderr: the other figures are taken all the same."""
        try:
            return function()
        except Exception as trouble:  # whatever it is, it ends this figure alone
            reason = str(trouble) if isinstance(trouble, (Failed, OSError, ValueError)) else repr(trouble)
            print(f"bench: {what}: {reason}", file=sys.stderr)
            self.failed |= ours

    def measure(self, figure, unit, ours, peer_name="", peer=None, floor=None, rounds=None, machine=None):
        """Each side a function that returns a number, called in turns until it fails; with --quick the floor once. The figure
        is a name, or a function that tells it when all is done. `machine`: the machine's floor."""
        name = figure if callable(figure) else lambda: figure
        functions = {side: function for side, function in zip(SIDES, (ours, peer, floor)) if function}
        values = {side: [] for side in SIDES}
        for turn in range(rounds or (2 if self.o.quick else 5)):
            for side, function in list(functions.items()):
                if side == "floor" and self.o.quick and turn > 0:
                    continue
                value = self.attempt(f"{name()}: {side}", function, side == "runner")
                if value is None:
                    values[side] = []
                    del functions[side]
                else:
                    values[side].append(value)
        self.add(name(), unit, values, peer_name,
                 {side: function.threads for side, function in functions.items() if isinstance(function, Peer)}, machine)

    def add(self, figure, unit, values, peer_name="", threads=(), machine=None):
        row = {"figure": figure, "unit": unit, "peer_name": peer_name if values.get("peer") else "",
               "rounds": max(map(len, values.values())), "values": values, "threads": dict(threads)}
        for side in SIDES:
            found = values.get(side)
            row[side] = statistics.median(found) if found else None
            row["spread" if side == "runner" else f"{side}_spread"] = [min(found), max(found)] if found else None
        faster = (lambda a, b: a / b) if unit.endswith("/s") else (lambda a, b: b / a)
        row["ratio"] = faster(row["runner"], row["peer"]) if row["runner"] and row["peer"] else None
        row["share"] = faster(row["runner"], row["floor"]) if row["runner"] and row["floor"] else None
        row["machine"] = machine
        row["machine_share"] = faster(row["runner"], machine) if row["runner"] and machine else None
        if not self.rows:
            print_header()
        self.rows.append(row)
        print_row(row)

    def train(self):
        training.measure(self)

    def build(self, rows, target, *settings):
        """Milliseconds of a Flat index of `rows` rows."""
        files = [word for file in self.data.files(rows) for word in ("--npz", file)]
        return self.runner("index", "index_flat_ip", *files, "--output", target, "--set", "publish.skip_if_unchanged=false",
                           "--set", "publish.keep=1", *settings)["build_s"] * 1e3

    def search_ms(self, index, queries, *settings):
        return self.runner("search", index, "--queries", self.data.first(queries), "--set", "normalize=true",
                           "--output", self.folder / "neighbours.npz", *settings)["search_s"] * 1e3

    def cp(self, source, *options):
        """Seconds that a copy of a file takes."""
        copy = self.folder / "copy"
        start = time.perf_counter()
        run(["cp", *options, source, copy])
        elapsed = time.perf_counter() - start
        copy.unlink()
        return elapsed

    def index(self):
        target = self.folder / "flat.index"

        @functools.cache
        def rows():
            """The data's, over and over until they are some 150 MB; built once, uncounted."""
            count = self.data.count * max(1, 150_000_000 // (self.data.count * self.data.row_bytes))
            self.build(count, target)
            return count
        self.measure("index Flat, build", "ms", lambda: self.build(rows(), target), "cp of the same bytes",
                     lambda: self.cp(target.resolve(), "--sparse=never") * 1e3, rounds=5)

    def search(self):
        @functools.cache
        def index():
            self.build(self.data.count, self.folder / "search.index")
            return self.folder / "search.index"
        for n in [1, 10, 100, 1000] + ([] if self.o.quick else [10000]):
            common = ("ms", "--data", self.o.data, "--queries", n)
            self.measure(f"search, {n} queries", "ms", lambda: self.search_ms(index(), n), "FAISS " + self.peers.get("faiss", ("", ""))[1],
                         self.peer("faiss", "search_peer.py", *common),
                         self.peer("torch" if "torch" in self.peers else "numpy", "search_floor.py", *common),
                         rounds=2 if self.o.quick else 3)

    def sequences(self):
        output = self.folder / "windows.npz"

        def ours():
            start = time.perf_counter()
            self.runner("sequences", "sequences_ctx5", "--npz", self.o.data, "--output", output)
            return time.perf_counter() - start
        self.measure("sequences, context 5", "s", ours, "cp of the output", lambda: self.cp(output))
        output.unlink(missing_ok=True)

    def eval(self):
        data = self.o.data
        report = self.folder / "report.json"

        @functools.cache
        def model():
            # Some windows have no place in test A or D: the split has more than are asked for, where the data has them.
            fraction = 0.05 if self.o.quick and self.data.count > 40_000 else 0.25
            self.runner("train", "mse_transformer", "--npz", self.o.data, "--max-steps", 20, "--set",
                        f"data.validation.fraction={fraction}", "--output", self.folder / "model")
            return self.folder / "model"

        def seconds(samples):
            command = [self.o.runner, "eval", "eval_5cat", "--model", model(), "--quiet"]
            for setting in (f"articles={data}", f"val.vectors={data}", f"ood.vectors={data}", "ood.articles=all", f"samples={samples}",
                            f"output={report}"):
                command += ["--set", setting]
            start = time.perf_counter()
            run(command, good=(0, EXIT_GATE), cwd=ROOT)
            return time.perf_counter() - start

        def figure(samples):
            """Tells when the data has fewer samples for one of the tests."""
            splits = json.loads(report.read_text()) if report.exists() else {}
            fewest = min((splits[split][f"{test}:samples"] for split in ("VAL", "OOD") if split in splits for test in "ABCD"),
                         default=samples)
            return f"5CAT, 2 × {samples} samples" if fewest >= samples else f"5CAT, {fewest} to {samples} samples a test"
        for samples in (500,) if self.o.quick else (500, 5000):
            self.measure(lambda: figure(samples), "s", lambda: seconds(samples), rounds=1 if samples > 500 else 2)

    def start(self):
        def help_ms():
            start = time.perf_counter()
            run([self.o.runner, "--help"])
            return (time.perf_counter() - start) * 1e3
        self.measure("runner --help", "ms", help_ms, rounds=20)
        peaks = []

        def first_step():
            start = time.perf_counter()
            with child([self.o.runner, "train", "mse_transformer", "--npz", self.o.data, "--max-steps", "2", "--json", "--output",
                        self.folder / "first", *(FEW_VALIDATED if self.o.quick else ())], cwd=ROOT) as process:
                for line in process.stderr:
                    if "first step" in line:
                        at = time.perf_counter() - start
                out = process.stdout.read()
                if process.wait() != 0:
                    raise Failed(line.strip())
            peaks.append(last_json(out)["rss_mb"])
            return at

        def loading():
            """The floor: the libraries of training, opened by a program that does nothing else."""
            opened = next(set["members"][0] for set in self.runner("doctor")["sets"] if "train" in set["members"][0])
            return float(run([sys.executable, "-c", "import ctypes, sys, time; start = time.perf_counter(); ctypes.CDLL(sys.argv[1]); "
                              "print(time.perf_counter() - start)", opened]))
        self.measure("train to its first step", "s", first_step, floor=loading)
        self.add("peak memory of training", "MB", {"runner": peaks})


def parse():
    cases = ["start", "train", "index", "search", "sequences", "eval"]
    parser = argparse.ArgumentParser(prog="scripts/bench.sh", description="See the head of scripts/bench.sh.")
    parser.add_argument("--runner", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--compare", metavar="FILE", help="the --json of an earlier run: what is faster or slower now, beyond the spread of both")
    parser.add_argument("--data", default=os.environ.get("RUNNER_DATA") or str(ROOT / "artifacts/sample/cppdocs_768.npz"))
    parser.add_argument("--only", help="some of: " + ", ".join(cases))
    parser.add_argument("--curves", action="store_true", help="time against rows, batch, queries and threads instead of the table")
    parser.add_argument("--device", default="cpu", help="of training: cpu, cuda or cuda:N (against PyTorch; no floor)")
    options = parser.parse_args()
    options.data = os.path.abspath(options.data)
    cases = ["train", "index", "search"] if options.curves else cases
    wanted = options.only.split(",") if options.only else cases
    if not os.path.exists(options.data):
        parser.error(f"no such file: {options.data}")
    if options.compare and options.curves:
        parser.error("--compare: compares tables, not --curves")
    try:
        options.earlier = compare.read(options.compare) if options.compare else None
    except (OSError, ValueError) as trouble:
        parser.error(f"--compare: {options.compare}: {getattr(trouble, 'strerror', None) or trouble}")
    if unknown := set(wanted) - set(cases):
        parser.error(f"--only: {', '.join(sorted(unknown))}: there is {', '.join(cases)}")
    if not re.fullmatch(r"cpu|cuda(:\d+)?", options.device):
        parser.error(f"--device: {options.device}: there is cpu, cuda, cuda:N")
    options.only = [case for case in cases if case in wanted]
    return options


def check(options):
    """Leaves when there is no program to measure; its version otherwise."""
    options.runner = os.path.abspath(shutil.which(options.runner) or options.runner)
    try:
        return run([options.runner, "--version"]).strip()
    except (OSError, Failed) as trouble:
        print(f"bench: cannot run {options.runner}: {getattr(trouble, 'strerror', trouble)}", file=sys.stderr)
        sys.exit(EXIT_ENVIRONMENT)


def table(bench):
    peers = [f"{name} {version} ({python})" for name, (python, version) in bench.peers.items()]
    print(f"bench: {bench.o.data}; peers: {'; '.join(peers) or 'none'}", file=sys.stderr)
    for case in bench.o.only:
        bench.attempt(case, getattr(bench, case))
    print("The old tools, quoted: " + "; ".join(f"{what}: {value}" for what, value in OLD.items()))
    return bench.rows


def main():
    def leave(number, _):
        for again in stops:
            signal.signal(again, signal.SIG_IGN)  # one is enough, and what follows only cleans up
        sys.exit(128 + number)
    stops = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for stop in stops:
        signal.signal(stop, leave)
    options = parse()
    runner_version = check(options)
    folder = tempfile.mkdtemp(prefix="runner-bench-")
    try:
        bench = Bench(options, folder)
        measured = {"curves": Curves(bench, native_bf16()).run()} if options.curves else {"rows": table(bench), "old_tools": OLD}
        if options.earlier:
            measured["compared"] = compare.show(options.earlier, measured["rows"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        model = re.search(r"^model name\s*: (.*)", cpu_info(), re.MULTILINE)
        print(json.dumps({"data": options.data, "quick": options.quick, "device": options.device, "runner": runner_version,
                          "cpu": model[1] if model else platform.processor(), "cores": thread_choices()[-1],
                          "peers": {name: what[1] for name, what in bench.peers.items()}, **measured}))
    return EXIT_FAILED if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
