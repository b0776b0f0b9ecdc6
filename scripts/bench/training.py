"""The rows of training: each model against the lean PyTorch of the same model, the transformer against both floors too; validation,
and training beside a program that computes."""
import contextlib
import functools
import os
import pathlib
import subprocess
import sys

import machine

# Of runs whose steps are what counts: the validation at their end is no part of a figure.
FEW_VALIDATED = ("--set", "data.validation.fraction=0.01")
OTHER_MODELS = ("lstm", "gru", "amn")


def cpu_info():
    try:
        return pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""


def native_bf16():
    return "avx512_bf16" in cpu_info() or "amx_bf16" in cpu_info()


def measure(bench):
    options = bench.o
    cuda = options.device != "cpu"
    if cuda:
        steps = {32: 500, 4096: 60} if options.quick else {32: 2000, 4096: 300}
    else:
        steps = {32: 25, 256: 5} if options.quick else {32: 150, 256: 40}
    # Enough windows for epochs of several batches of the largest size.
    copies = max(1, min(1000, 150_000_000 // os.path.getsize(options.data))) if cuda else 1

    def ours(model, batch, precision, settings=FEW_VALIDATED):
        return bench.runner("train", f"mse_{model}", *(["--npz", options.data] * copies), "--batch-size", batch, "--max-steps", steps[batch],
                            "--precision", precision, "--device", options.device, *settings, "--set", f"train.epochs={steps[batch]}",
                            "--output", bench.folder / "run")

    def row(model, batch, precision):
        common = ("samples_per_second", "--batch", batch, "--precision", precision)
        floor = not cuda and model == "transformer"
        bench.measure(
            ("train" if model == "transformer" else model) + f" {precision}, batch {batch}" + (", CUDA" if cuda else ""), "samples/s",
            lambda: ours(model, batch, precision)["samples_per_second"], "lean PyTorch",
            bench.peer("torch", "lean_train.py", *common, "--model", model, "--data", options.data, "--device", options.device,
                       "--steps", max(2, steps[batch] // 5), "--rounds", 1 if options.quick else 4),
            bench.peer("torch", "floor.py", *common, "--rounds", 2 if options.quick else 5) if floor else None,
            rounds=2 if options.quick else 3,
            machine=bench.attempt("the machine's floor", lambda: machine.samples_per_second(bench.folder, batch, precision), ours=False)
            if floor else None)

    if cuda:
        ours("transformer", 32, "fp32")  # without the device there is nothing to compare
    precisions = ["fp32"] + (["bf16"] if cuda or native_bf16() else [])
    for precision in precisions:
        for batch in steps:
            row("transformer", batch, precision)
    if not cuda:
        validation(bench, functools.partial(ours, "transformer", 32, precisions[-1], ()))
        beside_another(bench, lambda: ours("transformer", 32, precisions[-1])["samples_per_second"])
    for model in OTHER_MODELS:
        for precision in precisions:
            row(model, 32, precision)
    if not cuda and not native_bf16():
        print("bench: this CPU has no bfloat16 instructions: bf16 is left out", file=sys.stderr)


def validation(bench, run):
    """Samples a second of a validation pass, and as its peer the rate of the training around it."""
    rates = {"runner": [], "peer": []}
    for _ in range(2 if bench.o.quick else 3):
        result = run()
        rates["runner"].append(result["data"]["validation_windows"] / result["best"]["validation_s"])
        rates["peer"].append(result["samples_per_second"])
    bench.add("validation", "samples/s", rates, "our training")


@contextlib.contextmanager
def busy_process():
    """A program that computes on one core."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


def beside_another(bench, rate):
    """Training while one other program computes, and as its peer the rate without."""
    def beside():
        with busy_process():
            return rate()
    bench.measure("train beside a busy process", "samples/s", beside, "our training alone", rate, rounds=2 if bench.o.quick else 3)
