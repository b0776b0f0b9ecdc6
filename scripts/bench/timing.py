"""How the benchmarks take a time."""
import os
import statistics
import time


def seconds(function, rounds):
    """The median of `rounds` calls, after one that is not counted."""
    function()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def thread_choices(given=0):
    """`given`, or one thread and all cores: Debian's PyTorch starts with one, and on a busy machine more can be slower."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return [given] if given else sorted({1, cores})


def best_threads(given, cost):
    """The threads with the lowest cost(threads), which sets them and returns seconds."""
    choices = thread_choices(given)
    return min(choices, key=cost) if len(choices) > 1 else choices[0]
