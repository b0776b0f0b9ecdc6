#!/usr/bin/env python3
"""Driver of scripts/bench.sh: runs each side in turns and prints one table. Needs only Python's own library; the peers run in
processes of their own, with the Python that has them."""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from curves import Curves, thread_counts

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# The old tools, as recorded on 2 cores; quoted, not run.
OLD_SEQUENCES_S, OLD_5CAT_S = 15.7, 189.0
# Of runs whose steps are what counts: the validation at their end is no part of a figure.
FEW_VALIDATED = ("--set", "data.validation.fraction=0.01")


def peer_python():
    named = os.environ.get("RUNNER_BENCH_PYTHON")
    candidates = [named] if named else [str(ROOT / ".venv/bin/python"), "/usr/bin/python3", sys.executable]
    for python in candidates:
        if python and shutil.which(python) and subprocess.run(
                [python, "-c", "import torch, numpy"], capture_output=True).returncode == 0:
            return python
    return None


def last_json(command, **arguments):
    """The JSON object in the last line of a command's stdout, or None with a line on stderr."""
    done = subprocess.run(command, capture_output=True, text=True, **arguments)
    lines = done.stdout.strip().splitlines()
    try:
        result = json.loads(lines[-1])
    except (IndexError, ValueError):
        result = {"error": done.stderr.strip()[-300:]}
    if "error" in result:
        print(f"bench: {' '.join(map(str, command))}: {result['error']}", file=sys.stderr)
        return None
    return result


def native_bf16():
    try:
        flags = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


class Bench:
    def __init__(self, options):
        self.o = options
        self.python = peer_python()
        self.rounds = 2 if options.quick else 5
        self.rows = []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="runner-bench-"))

    def runner(self, *arguments):
        return last_json([self.o.runner, *map(str, arguments), "--json", "--quiet"], cwd=ROOT)

    def peer(self, script, *arguments):
        return last_json([self.python, str(HERE / script), *map(str, arguments)]) if self.python else None

    def measure(self, figure, unit, ours, peer_name="", peer=None, floor=None, rounds=None):
        """Each side a function that returns a number (or None), called in turns."""
        values = {"runner": [], "peer": [], "floor": []}
        for _ in range(rounds or self.rounds):
            for side, function in (("runner", ours), ("peer", peer), ("floor", floor)):
                value = function() if function else None
                if value is not None:
                    values[side].append(value)
        row = {"figure": figure, "unit": unit, "peer_name": peer_name if values["peer"] else ""}
        for side, list_ in values.items():
            row[side] = statistics.median(list_) if list_ else None
        row["spread"] = [min(values["runner"]), max(values["runner"])] if values["runner"] else None
        faster = (lambda a, b: a / b) if unit.endswith("/s") else (lambda a, b: b / a)
        row["ratio"] = faster(row["runner"], row["peer"]) if row["runner"] and row["peer"] else None
        row["share"] = faster(row["runner"], row["floor"]) if row["runner"] and row["floor"] else None
        self.rows.append(row)
        print_rows([row], header=len(self.rows) == 1)

    def peer_threads(self):
        """The faster of one thread and all cores for PyTorch's products: Debian's starts with one, and on a busy machine more can
        be slower."""
        rates = {threads: (self.peer("floor.py", "--threads", threads, "--rounds", 3) or {}).get("samples_per_second", 0)
                 for threads in (1, thread_counts()[-1])}
        best = max(rates, key=rates.get)
        if self.python:
            print(f"bench: PyTorch with {best} threads (products of batch 32, samples/s by threads: "
                  f"{', '.join(f'{threads}: {number(rate)}' for threads, rate in rates.items())})", file=sys.stderr)
        return best

    def train(self):
        cuda = self.o.device.startswith("cuda")
        if cuda:
            steps = {32: 500, 4096: 60} if self.o.quick else {32: 2000, 4096: 300}
        else:
            steps = {32: 25, 256: 5} if self.o.quick else {32: 150, 256: 40}
        # Enough windows for epochs of several batches of the largest size.
        copies = max(1, 150_000_000 // os.path.getsize(self.o.data)) if cuda else 1
        peer_threads = 0 if cuda else self.peer_threads()
        for precision in ["fp32"] + (["bf16"] if cuda or native_bf16() else []):
            for batch in steps:
                def value(result, key="samples_per_second"):
                    return result and result.get(key)
                common = ("--batch", batch, "--precision", precision, "--threads", peer_threads)
                self.measure(
                    f"train {precision}, batch {batch}" + (", CUDA" if cuda else ""), "samples/s",
                    lambda: value(self.runner("train", "mse_transformer", *(["--npz", self.o.data] * copies), "--batch-size", batch,
                                              "--max-steps", steps[batch], "--precision", precision, "--device", self.o.device, *FEW_VALIDATED,
                                              "--set", f"train.epochs={steps[batch]}", "--output", self.folder / "run")),
                    "lean PyTorch",
                    lambda: value(self.peer("lean_train.py", "--data", self.o.data, *common, "--device", self.o.device,
                                            "--steps", max(2, steps[batch] // 5), "--rounds", 2 if self.o.quick else 4)),
                    None if cuda else lambda: value(self.peer("floor.py", *common, "--rounds", 3 if self.o.quick else 5)), rounds=2 if self.o.quick else 3)
        if not cuda and not native_bf16():
            print("bench: this CPU has no bfloat16 instructions: bf16 is left out", file=sys.stderr)

    def big_input(self):
        """The data, repeated until some 150 MB of vectors are indexed."""
        copies = max(1, 150_000_000 // max(1, os.path.getsize(self.o.data)))
        return "[" + ", ".join([str(self.o.data)] * copies) + "]"

    def index(self):
        target, copy = self.folder / "flat.index", self.folder / "copy"

        def build():
            result = self.runner("index", "index_flat_ip", "--set", f"input.vectors={self.big_input()}", "--output", target,
                                 "--set", "publish.skip_if_unchanged=false", "--set", "publish.keep=1")
            return result and result["build_s"] * 1e3

        def cp():
            start = time.perf_counter()
            subprocess.run(["cp", "--sparse=never", str(target.resolve()), str(copy)], check=True)
            elapsed = time.perf_counter() - start
            copy.unlink()
            return elapsed * 1e3
        build()
        self.measure("index Flat, build", "ms", build, "cp of the same bytes", cp, rounds=5)

    def search(self):
        counts = [1, 10, 100, 1000] + ([] if self.o.quick else [10000])
        peers = self.peer("search_peer.py", "--data", self.o.data, "--queries", *counts, "--save", self.folder)
        index = self.folder / "search.index"
        if peers is None or self.runner("index", "index_flat_ip", "--npz", self.o.data, "--output", index) is None:
            return
        for n in counts:
            def ours():
                result = self.runner("search", index, "--queries", self.folder / f"queries_{n}.npz", "--output", self.folder / "n.npz")
                return result and result["search_s"] * 1e3
            again = dict(peers["queries"][str(n)])  # of the first round; taken again in each later one

            def side(key):
                if key in used:
                    used.clear()
                    again.update(self.peer("search_peer.py", "--data", self.o.data, "--queries", n, "--save", self.folder)["queries"][str(n)])
                used.add(key)
                return again[key] * 1e3
            used = set()
            self.measure(f"search, {n} queries", "ms", ours, f"FAISS {peers['faiss']}", lambda: side("peer_s"), lambda: side("floor_s"),
                         rounds=2 if self.o.quick else 3)

    def sequences(self):
        output, copy = self.folder / "windows.npz", self.folder / "windows.copy"

        def ours():
            start = time.perf_counter()
            return self.runner("sequences", "sequences_ctx5", "--npz", self.o.data, "--output", output) and time.perf_counter() - start

        def cp():
            start = time.perf_counter()
            subprocess.run(["cp", str(output), str(copy)], check=True)
            elapsed = time.perf_counter() - start
            copy.unlink()
            return elapsed
        self.measure("sequences, context 5", "s", ours, "cp of the output", cp)
        output.unlink(missing_ok=True)

    def eval(self):
        run = self.folder / "run_for_eval"
        if self.runner("train", "mse_transformer", "--npz", self.o.data, "--max-steps", 20, *FEW_VALIDATED, "--output", run) is None:
            return
        for samples in (500,) if self.o.quick else (500, 5000):
            def ours():
                start = time.perf_counter()
                subprocess.run([self.o.runner, "eval", "eval_5cat", "--model", run, "--set", f"articles={self.o.data}", "--set",
                                f"val.vectors={self.o.data}", "--set", f"ood.vectors={self.o.data}", "--set", "ood.articles=all", "--set",
                                f"samples={samples}", "--set", f"output={self.folder / 'report.json'}", "--quiet"],
                               cwd=ROOT, capture_output=True, check=False)
                return time.perf_counter() - start
            self.measure(f"5CAT, 2 × {samples} samples", "s", ours, "", None, None, rounds=1 if samples > 500 else 2)

    def start(self):
        def help_ms():
            start = time.perf_counter()
            subprocess.run([self.o.runner, "--help"], capture_output=True, check=True)
            return (time.perf_counter() - start) * 1e3
        help_ms()
        self.measure("runner --help", "ms", help_ms, rounds=20)
        peak = []

        def first_step():
            start = time.perf_counter()
            with subprocess.Popen([self.o.runner, "train", "mse_transformer", "--npz", self.o.data, "--max-steps", "2", "--json", "--output",
                                   self.folder / "first", *(FEW_VALIDATED if self.o.quick else ())], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                at = None
                for line in process.stderr:
                    if at is None and "first step" in line:
                        at = time.perf_counter() - start
                peak.append(json.loads(process.stdout.read().strip().splitlines()[-1])["rss_mb"])
            return at
        self.measure("runner train to its first step", "s", first_step)
        self.measure("peak memory of training", "MB", lambda: peak.pop(0) if peak else None)


def number(x):
    if x is None:
        return ""
    return f"{x:.0f}" if abs(x) >= 100 else f"{x:.3g}"


def print_rows(rows, header):
    if header:
        print(f"{'figure':32} {'unit':10} {'runner':>8} {'(spread)':>15} {'peer':>8} {'ratio':>6} {'floor':>8} {'share':>6}  peer")
    for r in rows:
        spread = f"({number(r['spread'][0])}–{number(r['spread'][1])})" if r["spread"] else ""
        ratio = f"{r['ratio']:.2f}" if r["ratio"] else ""
        share = f"{100 * r['share']:.0f} %" if r["share"] else ""
        print(f"{r['figure']:32} {r['unit']:10} {number(r['runner']):>8} {spread:>15} {number(r['peer']):>8} {ratio:>6} "
              f"{number(r['floor']):>8} {share:>6}  {r['peer_name']}", flush=True)


def main():
    cases = ["start", "train", "index", "search", "sequences", "eval"]
    parser = argparse.ArgumentParser(prog="scripts/bench.sh", description="See the head of scripts/bench.sh.")
    parser.add_argument("--runner", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--data", default=os.environ.get("RUNNER_DATA") or str(ROOT / "artifacts/sample/cppdocs_768.npz"))
    parser.add_argument("--only", help="some of: " + ", ".join(cases))
    parser.add_argument("--curves", action="store_true", help="time against rows, batch, queries and threads instead of the table")
    parser.add_argument("--device", default="cpu", help="of training: cpu, cuda or cuda:N (against PyTorch; no floor)")
    options = parser.parse_args()
    options.data = os.path.abspath(options.data)
    cases = ["train", "index", "search"] if options.curves else cases
    options.only = wanted = options.only.split(",") if options.only else cases
    if not os.path.exists(options.data):
        parser.error(f"no such file: {options.data}")
    if unknown := set(wanted) - set(cases):
        parser.error(f"--only: {', '.join(sorted(unknown))}: there is {', '.join(cases)}")
    bench = Bench(options)
    try:
        if options.curves:
            curves = Curves(bench, native_bf16()).run()
            return print(json.dumps({"data": options.data, "curves": curves})) if options.json else None
        print(f"bench: {options.data}; peers: {bench.python or 'none (no Python with torch and numpy)'}", file=sys.stderr)
        for case in cases:
            if case in wanted:
                getattr(bench, case)()
    finally:
        shutil.rmtree(bench.folder, ignore_errors=True)
    print(f"The old tools, quoted: sequences of the shared file {OLD_SEQUENCES_S} s, 5CAT of 2 × 500 samples {OLD_5CAT_S:.0f} s.")
    if options.json:
        print(json.dumps({"data": options.data, "rows": bench.rows}))


if __name__ == "__main__":
    main()
