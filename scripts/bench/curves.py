"""scripts/bench.sh --curves: how time grows with rows, batch, queries and threads. A table for each curve, with bars of the rate
(a curve of even bars: time in proportion), that can be read in a terminal. A figure is the median of repetitions, which go
through all points of a curve in turns."""
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time

from row_files import RowFiles

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BAR = 24  # characters
NEIGHBOURS = 10


def thread_counts():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return sorted({1, cores} | {2 ** i for i in range(1, 10) if 2 ** i < cores})


def up_to(values, limit):
    return [value for value in values if value < limit] + [limit]


def text(x):
    if x is None:
        return "–"
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


class Curves:
    def __init__(self, bench, bf16):
        self.bench, self.o, self.folder, self.bf16 = bench, bench.o, bench.folder, bf16
        self.quick = self.o.quick
        self.threads = thread_counts()
        self.rows = RowFiles(self.o.data, self.folder)
        self.curves = []

    def run(self):
        cases = {"train": [self.train], "index": [self.index], "search": [self.search_rows, self.search_queries]}
        for case in self.o.only:
            for curve in cases.get(case, []):
                curve()
        return self.curves

    def curve(self, name, x_name, xs, value, unit, rate, rate_unit, rounds=3):
        """value(x, threads): a list of measured values, each a repetition, or None. rate(x, median): what the bars show."""
        values = {}
        for _ in range(rounds):
            for x in xs:
                for threads in self.threads:
                    values.setdefault((x, threads), []).extend(value(x, threads) or [])
        points = [{"x": x, "threads": threads, "median": statistics.median(found), "spread": [min(found), max(found)],
                   "repetitions": len(found), "rate": rate(x, statistics.median(found))}
                  for (x, threads), found in values.items() if found]
        self.curves.append({"curve": name, "x": x_name, "unit": unit, "rate_unit": rate_unit, "points": points})
        print_curve(self.curves[-1])

    def setting(self, threads):
        return "--set", f"environment.threads={threads}"

    def train(self):
        batches = (1, 8, 32, 128, 512) if self.quick else (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
        for precision in ["fp32"] + (["bf16"] if self.bf16 else []):
            self.curve(f"training step, {precision}", "batch", batches,
                       lambda batch, threads: self.step_ms(batch, threads, precision), "ms",
                       lambda batch, ms: batch / ms * 1e3, "samples/s", rounds=1 if self.quick else 2)

    def step_ms(self, batch, threads, precision):
        """The steps' times, from a run's metrics. It is killed then: its validation and its files are not what is measured."""
        steps = max(3, min(15 if self.quick else 40, (300 if self.quick else 1000) // batch))
        output = self.folder / "curve_run"
        metrics = output / "metrics.jsonl"
        metrics.unlink(missing_ok=True)
        command = [self.o.runner, "train", "mse_transformer", "--npz", self.o.data, "--batch-size", batch, "--precision", precision,
                   "--device", "cpu", "--set", "train.log_every=1", "--set", f"train.epochs={steps + 2}", "--output", output,
                   *self.setting(threads), "--quiet"]
        lines = []
        with subprocess.Popen(list(map(str, command)), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True) as process:
            while process.poll() is None and len(lines) <= steps:
                time.sleep(0.02)
                lines = metrics.read_text().split("\n")[:-1] if metrics.exists() else []
            process.send_signal(signal.SIGKILL)
            trouble = process.stderr.read().strip()
        if len(lines) <= steps:
            print(f"bench: {' '.join(map(str, command))}: {trouble[-300:]}", file=sys.stderr)
            return None
        return [json.loads(line)["step_ms"] for line in lines[1:steps + 1]]  # the first one takes its memory

    def row_counts(self):
        return sorted({1000, 10000, self.rows.count}) if self.quick else up_to((1000, 4000, 16000, 50000, 100000, 200000), 400000)

    def build(self, rows, threads, target):
        files = ", ".join(map(str, self.rows.files(rows)))
        result = self.bench.runner("index", "index_flat_ip", "--set", f"input.vectors=[{files}]", "--output", target,
                                   "--set", "publish.skip_if_unchanged=false", "--set", "publish.keep=1", *self.setting(threads))
        return result and [result["build_s"] * 1e3]

    def index(self):
        self.curve("Flat index, build", "rows", self.row_counts(),
                   lambda rows, threads: self.build(rows, threads, self.folder / "curve.index"), "ms",
                   lambda rows, ms: rows / ms / 1e3, "million rows/s")

    def search(self, index, queries, threads):
        result = self.bench.runner("search", index, "--queries", self.rows.first(queries), "--k", NEIGHBOURS, "--set", "normalize=true",
                                   "--output", self.folder / "curve_neighbours.npz", *self.setting(threads))
        return result and [result["search_s"] * 1e3]

    def search_rows(self):
        queries = min(100, self.rows.count)

        def value(rows, threads):
            if made.get("rows") != rows:  # one index at a time on the disk
                made["rows"] = rows if self.build(rows, self.threads[-1], self.folder / "curve.index") else None
            return made["rows"] and self.search(self.folder / "curve.index", queries, threads)
        made = {}
        self.curve(f"search of {queries} queries, {NEIGHBOURS} neighbours", "rows", self.row_counts(), value, "ms",
                   lambda rows, ms: rows * queries / ms / 1e6, "billion scores/s")

    def search_queries(self):
        index = self.folder / "curve.index"
        if self.build(self.rows.count, self.threads[-1], index) is None:
            return
        counts = (1, 10, 100, 1000) if self.quick else (1, 3, 10, 30, 100, 300, 1000, 3000, 10000)
        self.curve(f"search of {self.rows.count:,} rows, {NEIGHBOURS} neighbours", "queries",
                   [n for n in counts if n <= self.rows.count], lambda n, threads: self.search(index, n, threads), "ms",
                   lambda n, ms: n / ms * 1e3, "queries/s")


def print_curve(curve):
    points = curve["points"]
    if not points:
        return
    highest = max(point["rate"] for point in points)
    width = len(f"{max(point['x'] for point in points):,}")
    print(f"\n{curve['curve']}: {curve['unit']} against {curve['x']} and threads; bars: {curve['rate_unit']}, {text(highest)} at full length")
    print(f"{curve['x']:>{max(width, 8)}} {'threads':>8} {curve['unit']:>9} {'(spread)':>17} {curve['rate_unit']:>16}")
    for point in points:
        spread = f"({text(point['spread'][0])}–{text(point['spread'][1])})"
        print(f"{point['x']:>{max(width, 8)},} {point['threads']:>8} {text(point['median']):>9} {spread:>17} {text(point['rate']):>16} "
              f"{'█' * max(1, round(BAR * point['rate'] / highest))}", flush=True)
