"""Runs each job again and again, with one call of the system failing each time, and checks what people are promised.

After each: the exit code is a documented one and comes with a message; what was good before still opens; the next run succeeds,
leaves nothing behind, and its files are those of a run that nothing happened to, byte by byte but for times.
"""
import argparse
import collections
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from artifacts import difference, objection
from jobs import FILES, JOBS

CHANGES = ("create", "write", "fwrite", "pwrite", "fsync", "ftruncate", "rename", "link", "symlink", "mkdir", "unlink")
FAULTS = {  # call: what may happen to it
    "open": ("EIO", "EMFILE"), "create": ("ENOSPC", "EMFILE", "EACCES"), "read": ("EIO", "EINTR", "short"),
    "pread": ("EIO", "EINTR", "short"), "write": ("ENOSPC", "EIO", "EINTR", "short"),
    "fwrite": ("ENOSPC", "EIO"), "pwrite": ("ENOSPC", "EIO", "EINTR", "short"), "fsync": ("EIO",), "ftruncate": ("EIO",), "rename": ("EIO", "ENOSPC"),
    "link": ("EIO",), "symlink": ("ENOSPC",), "mkdir": ("ENOSPC",), "unlink": ("EIO",), "mmap": ("ENOMEM",),
    "fork": ("EAGAIN",), "pthread_create": ("EAGAIN",)}
SURVIVED = {"EINTR", "short", "delay"}  # no reason to fail
CODES = {0, 1, 2, 3, 4, 5}
NO_MESSAGE = ("terminate called", "what():", "Segmentation fault", "core dumped", "AddressSanitizer")
Case = collections.namedtuple("Case", "job process call fault number")


class Place:
    """A folder in which cases run, always under the same name: paths stand in manifests."""

    def __init__(self, root, runner, library, rows):
        self.root, self.runner, self.library = Path(root), runner, library
        self.case = self.root / "case"
        self.case.mkdir()
        for name, text in FILES.items():
            (self.case / name).parent.mkdir(exist_ok=True)
            (self.case / name).write_text(text)
        (self.case / "bin/crontab").chmod(0o755)
        shutil.copy(rows, self.case / "rows.npz")
        self.keep("empty")

    def keep(self, name):
        shutil.copytree(self.case, self.root / name, symlinks=True)

    def restore(self, name):
        shutil.rmtree(self.case, ignore_errors=True)
        shutil.copytree(self.root / name, self.case, symlinks=True)

    def run(self, command, **faults):
        environment = dict(os.environ, HOME=str(self.case), XDG_STATE_HOME=str(self.case / "state"), OMP_NUM_THREADS="2",
                           RUNNER_CACHE_DIR=str(self.case / "cache"), PATH=f"{self.case}/bin:{os.environ['PATH']}")
        if faults:
            environment.update({key: str(value) for key, value in faults.items()})
            environment.update(LD_PRELOAD=self.library, FAULT_UNDER=str(self.case))
        return subprocess.run([self.runner, *command], cwd=self.case, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=120)

    def must(self, command):
        done = self.run(command)
        if done.returncode not in (0, 5):
            sys.exit(f"runner {' '.join(command)} ends with {done.returncode} before anything was injected:\n{done.stderr}")
        return done.returncode


def prepare(place, name):
    """The state before, the state after an undisturbed run, and its calls: {(process, call): count}."""
    job, counts = JOBS[name], {}
    place.restore("empty")
    for command in job.before:
        place.must(command)
    place.keep(f"{name}.before")
    for process in ("launcher", "worker"):
        place.restore(f"{name}.before")
        log = place.root / f"{name}.{process}.calls"
        place.run(job.command, FAULT_IN=process, FAULT_LOG=log)
        calls = collections.Counter(line.split(" ", 1)[0] for line in log.read_text().splitlines()) if log.exists() else {}
        counts.update({(process, call): count for call, count in calls.items()})
    place.restore(f"{name}.before")
    job.code = place.must(job.command)
    if job.after:
        place.must(job.after)
    place.keep(f"{name}.after")
    return counts


def numbers_of(call, count, reads):
    """Every number of a call; of reads, which only differ in their place, so many, evenly spread (0: every one)."""
    if call not in ("read", "pread") or not reads or count <= reads:
        return range(1, count + 1)
    return sorted({1 + i * count // reads for i in range(reads)} | {count})


def all_cases(name, counts, options):
    cases, faults = [], set(filter(None, options.faults.split(",")))
    for (process, call), count in sorted(counts.items()):
        kinds = list(FAULTS.get(call, ())) + (["die"] if call in CHANGES else [])
        cases += [Case(name, process, call, fault, number) for fault in kinds if not faults or fault in faults
                  for number in numbers_of(call, count, options.reads) if options.at in (None, number)]
    return cases


def problem_of(place, case):
    """"" when every promise was kept."""
    job = JOBS[case.job]
    place.restore(f"{case.job}.before")
    try:
        run = place.run(job.command, FAULT_IN=case.process, FAULT_CALLS=case.call, FAULT_AT=case.number, FAULT=case.fault)
    except subprocess.TimeoutExpired:
        return "it hangs"
    code, said = run.returncode, run.stderr + run.stdout
    killed = case.fault == "die" and code in (137, -9)
    if code not in CODES | {job.code} and not killed:
        return f"exit code {code}: {said[-400:]}"
    if code not in (0, job.code) and not killed and ("runner" not in run.stderr and "error" not in run.stderr):
        return f"exit code {code} without a message"
    for words in NO_MESSAGE:
        if words in said:
            return f"'{words}' is no message for people: {said[-400:]}"
    if case.fault in SURVIVED and code != job.code:
        return f"{case.fault} is no reason to fail (exit code {code}): {said[-400:]}"
    for artifact in job.opens + (job.makes if code == job.code else []):
        wrong = objection(place.case / artifact, place.run)
        if wrong:
            return f"after exit code {code}: {wrong}"
    try:
        again = place.run(job.next_command())
    except subprocess.TimeoutExpired:
        return "the next run hangs"
    if again.returncode != job.code:
        return f"the next run ends with {again.returncode}: {again.stderr[-400:]}"
    wrong = difference(place.root / f"{case.job}.after", place.case, without_curves="the run goes on" in said)
    return f"after exit code {code} and the next run: {wrong}" if wrong else ""


def spread(cases, count):
    """`count` of them, evenly over the list."""
    return cases if count is None or count >= len(cases) else [cases[i * len(cases) // count] for i in range(count)]


def table(counts, done, faults):
    rows = [("job", "process", "call", "calls", "cases", "faults")]
    for (name, process, call), count in sorted(counts.items()):
        rows.append((name, process, call, count, done[name, process, call], faults[name, process, call]))
    rows.append(("all", "", "", sum(counts.values()), sum(done.values()), sum(faults.values())))
    widths = [max(len(str(row[i])) for row in rows) for i in range(6)]
    return "\n".join("  ".join(str(cell).ljust(width) if i < 3 else str(cell).rjust(width)
                               for i, (cell, width) in enumerate(zip(row, widths))) for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runner", required=True)
    parser.add_argument("--library", required=True, help="the preloaded one")
    parser.add_argument("--rows", required=True, help=".npz of vectors")
    parser.add_argument("--jobs", default=",".join(JOBS), help="of: %(default)s")
    parser.add_argument("--calls", default="", help="only these calls, separated by commas")
    parser.add_argument("--faults", default="", help="only these, as ENOSPC,short,die")
    parser.add_argument("--cases", type=int, help="so many, spread evenly over all")
    parser.add_argument("--minutes", type=float, help="stop after so long")
    parser.add_argument("--reads", type=int, default=40, help="of the reads of one job so many, spread evenly; 0: all (%(default)s)")
    parser.add_argument("--at", type=int, help="only this number of a call")
    options = parser.parse_args()
    wanted, calls = options.jobs.split(","), set(filter(None, options.calls.split(",")))
    begin, counts, cases, done, failed = time.monotonic(), {}, [], collections.Counter(), collections.Counter()
    root = tempfile.mkdtemp(prefix="runner-faults-")
    try:
        place = Place(root, os.path.abspath(options.runner), os.path.abspath(options.library), options.rows)
        for name in wanted:
            of_job = {key: count for key, count in prepare(place, name).items() if not calls or key[1] in calls}
            counts.update({(name, *key): count for key, count in of_job.items()})
            cases += all_cases(name, of_job, options)
        chosen = spread(cases, options.cases)
        for case in chosen:
            if options.minutes and time.monotonic() - begin > options.minutes * 60:
                break
            key = case[:3]
            done[key] += 1
            problem = problem_of(place, case)
            if problem:
                failed[key] += 1
                print(f"FAULT {case.job}: {case.process}'s {case.call} {case.number}, {case.fault}: {problem}", flush=True)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print(table(counts, done, failed))
    print(f"{sum(done.values())} of {len(cases)} cases in {time.monotonic() - begin:.0f} s, {sum(failed.values())} faults")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
