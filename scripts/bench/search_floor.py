#!/usr/bin/env python3
"""The floor of an exact search: one pass over the vectors' memory for few queries, a plain product of that size for many; the
fastest that NumPy and, if it is there, PyTorch have. Prints one JSON object: {"ms": …, "threads": …, "by": …}."""
import argparse
import json

import numpy as np

from timing import seconds, thread_choices
from vectors import queries, unit_rows

BLOCK = 1000  # queries of one product; of more, that often


def pytorch():
    """PyTorch or None. Loaded only when NumPy has been timed: the two may share a BLAS, and then PyTorch sets its threads."""
    try:
        import torch
        return torch
    except Exception:  # missing or broken
        return None


def with_threads(torch, threads, function):
    def call(*arguments):
        torch.set_num_threads(threads)
        function(*arguments)
    return call


def passes(vectors, threads):
    flat = vectors.ravel()
    yield "numpy sum", 0, lambda _: flat.sum()
    yield "numpy dot", 0, lambda _: flat @ flat
    if torch := pytorch():
        tensor = torch.from_numpy(flat)
        for n in thread_choices(threads):
            yield "torch sum", n, with_threads(torch, n, lambda _: tensor.sum())


def products(vectors, rows, threads):
    out = np.empty((rows, len(vectors)), np.float32)
    yield "numpy matmul", 0, lambda block: np.matmul(block, vectors.T, out=out)
    if torch := pytorch():
        right, left = torch.from_numpy(vectors.T), torch.from_numpy(out)
        for n in thread_choices(threads):
            yield "torch mm", n, with_threads(torch, n, lambda block: torch.mm(torch.from_numpy(block), right, out=left))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--queries", type=int, required=True)
    parser.add_argument("--threads", type=int, default=0, help="of PyTorch; NumPy has its own")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    vectors = unit_rows(options.data)
    n = options.queries
    block = queries(vectors, min(n, BLOCK))
    rounds = options.rounds if n < 1000 else 1  # long enough to need no median
    ways = passes(vectors, options.threads) if n <= 10 else products(vectors, len(block), options.threads)
    best, by, threads = min((seconds(lambda: work(block), rounds), by, threads) for by, threads, work in ways)
    best *= n / len(block)
    print(json.dumps({"ms": best * 1e3, "threads": threads, "by": by, "numpy": np.__version__}))


if __name__ == "__main__":
    main()
