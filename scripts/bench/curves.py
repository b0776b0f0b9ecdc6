"""scripts/bench.sh --curves: how time grows with rows, batch, queries and threads. A table for each curve, with bars of the rate
(a curve of even bars: time in proportion), that can be read in a terminal. A figure is the median of repetitions, which go
through all points of a curve in turns."""
import functools
import json
import statistics
import time

from sides import ROOT, Failed, child, last_line
from timing import thread_choices

BAR = 24  # characters
NEIGHBOURS = 10


def thread_counts():
    cores = thread_choices()[-1]
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
        self.curves = []

    def run(self):
        cases = {"train": [self.train], "index": [self.index], "search": [self.search_rows, self.search_queries]}
        for case in self.o.only:
            for curve in cases[case]:
                self.bench.attempt(f"curves of {case}", curve)
        return self.curves

    def curve(self, name, x_name, xs, value, unit, rate, rate_unit, rounds=3):
        """value(x, threads): a list of measured values, each a repetition. rate(x, median): what the bars show. A point that fails
        is left out."""
        values = {(x, threads): [] for x in xs for threads in self.threads}
        for _ in range(rounds):
            for (x, threads), found in list(values.items()):
                more = self.bench.attempt(f"{name}, {x_name} {x}, threads {threads}", lambda: value(x, threads))
                if more is None:
                    del values[x, threads]
                else:
                    found.extend(more)
        points = [{"x": x, "threads": threads, "median": statistics.median(found), "spread": [min(found), max(found)],
                   "repetitions": len(found), "rate": rate(x, statistics.median(found))}
                  for (x, threads), found in values.items()]
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
        with child(command, cwd=ROOT) as process:
            while process.poll() is None and len(lines) <= steps:
                time.sleep(0.02)
                lines = metrics.read_text().split("\n")[:-1] if metrics.exists() else []
            process.kill()
            trouble = last_line(process.communicate()[1])
        if len(lines) <= steps:
            raise Failed(trouble)
        return [json.loads(line)["step_ms"] for line in lines[1:steps + 1]]  # the first one takes its memory

    def row_counts(self):
        return sorted({1000, 10000, self.bench.data.count}) if self.quick else up_to((1000, 4000, 16000, 50000, 100000, 200000), 400000)

    def index(self):
        self.curve("Flat index, build", "rows", self.row_counts(),
                   lambda rows, threads: [self.bench.build(rows, self.folder / "curve.index", *self.setting(threads))], "ms",
                   lambda rows, ms: rows / ms / 1e3, "million rows/s")

    def search_rows(self):
        queries = min(100, self.bench.data.count)

        @functools.lru_cache(maxsize=1)  # one index at a time on the disk
        def index(rows):
            self.bench.build(rows, self.folder / "curve.index")
            return self.folder / "curve.index"
        self.curve(f"search of {queries} queries, {NEIGHBOURS} neighbours", "rows", self.row_counts(),
                   lambda rows, threads: self.search(index(rows), queries, threads), "ms",
                   lambda rows, ms: rows * queries / ms / 1e6, "billion scores/s")

    def search_queries(self):
        index, rows = self.folder / "curve.index", self.bench.data.count
        self.bench.build(rows, index)
        counts = (1, 10, 100, 1000) if self.quick else (1, 3, 10, 30, 100, 300, 1000, 3000, 10000)
        self.curve(f"search of {rows:,} rows, {NEIGHBOURS} neighbours", "queries", [n for n in counts if n <= rows],
                   lambda n, threads: self.search(index, n, threads), "ms", lambda n, ms: n / ms * 1e3, "queries/s")

    def search(self, index, queries, threads):
        return [self.bench.search_ms(index, queries, "--k", NEIGHBOURS, *self.setting(threads))]


def print_curve(curve):
    points = curve["points"]
    if not points:
        return
    highest = max(point["rate"] for point in points)
    width = len(f"{max(point['x'] for point in points):,}")
    print(f"\n{curve['curve']}: {curve['unit']} against {curve['x']} and threads; bars: {curve['rate_unit']}, "
          f"{text(highest)} at full length")
    print(f"{curve['x']:>{max(width, 8)}} {'threads':>8} {curve['unit']:>9} {'(spread)':>17} {curve['rate_unit']:>16}")
    for point in points:
        spread = f"({text(point['spread'][0])}–{text(point['spread'][1])})"
        print(f"{point['x']:>{max(width, 8)},} {point['threads']:>8} {text(point['median']):>9} {spread:>17} {text(point['rate']):>16} "
              f"{'█' * max(1, round(BAR * point['rate'] / highest))}", flush=True)
