#!/usr/bin/env python3
"""Exact top-10 by FAISS's IndexFlatIP, and the floor of the same search: one pass over the vectors' memory for few queries, a
plain sgemm of that size for many. Prints one JSON object: {"queries": {"1": {"peer_s": …, "floor_s": …}, …}}."""
import argparse
import json

import faiss
import numpy as np

from timing import seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--queries", type=int, nargs="+", required=True)
    parser.add_argument("--save", required=True, help="folder for the queries, as queries_N.npz")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    vectors = np.load(options.data)["vectors"].astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    ones = np.ones(vectors.shape[1], np.float32)
    result = {}
    for n in options.queries:
        queries = np.ascontiguousarray(vectors[np.arange(n) * 7 % len(vectors)])
        np.savez(f"{options.save}/queries_{n}.npz", vectors=queries)
        rounds = options.rounds if n < 1000 else 1  # long enough to need no median
        peer = seconds(lambda: index.search(queries, 10), rounds)
        part = np.empty((min(n, 1000), len(vectors)), np.float32)  # of the products: they need not fit all at once

        def sgemm():
            for first in range(0, n, 1000):
                count = min(1000, n - first)
                np.matmul(queries[first:first + count], vectors.T, out=part[:count])

        floor = seconds(sgemm if n > 10 else lambda: vectors @ ones, rounds)
        result[str(n)] = {"peer_s": peer, "floor_s": floor}
    print(json.dumps({"queries": result, "faiss": faiss.__version__, "numpy": np.__version__}))


if __name__ == "__main__":
    main()
