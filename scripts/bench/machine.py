"""The machine's floor: what its cores multiply at most and its memory moves, whatever library is installed."""
import functools
import json
import os
import shutil
import subprocess

from shapes import PARAMETERS, STEP_BYTES, flop
from sides import HERE, Failed, last_line, run


@functools.cache
def rates(folder):
    """What machine_floor.cpp prints, compiled for this machine. Raises Failed without a compiler."""
    compiler = shutil.which(os.environ.get("CXX") or "c++")
    if not compiler:
        raise Failed("no C++ compiler (c++, or CXX): the machine's floor is left out")
    program = folder / "machine_floor"
    built = subprocess.run([compiler, "-std=c++20", "-O3", "-march=native", "-ffp-contract=fast", "-pthread",
                            HERE / "machine_floor.cpp", "-o", program], capture_output=True, text=True)
    if built.returncode != 0:
        wrong = [line for line in built.stderr.splitlines() if "error" in line]
        raise Failed(f"{compiler} could not compile machine_floor.cpp: {wrong[0] if wrong else last_line(built.stderr)}")
    return json.loads(run([program]))


def samples_per_second(folder, batch, precision):
    """A training step that only multiplies at the machine's rate and passes once over the optimizer's memory; None where the CPU
    has no products of that precision."""
    machine = rates(folder)
    gflops = machine[f"{precision}_gflops"]
    if gflops is None:
        return None
    return batch / (flop(batch) / (gflops * 1e9) + PARAMETERS * STEP_BYTES / (machine["memory_gb_per_second"] * 1e9))
