"""How the benchmarks take a time."""
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
