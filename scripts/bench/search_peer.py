#!/usr/bin/env python3
"""Exact top-10 by FAISS's IndexFlatIP. Prints one JSON object: {"ms": …, "threads": …, …}."""
import argparse
import json

import faiss

from timing import seconds, thread_choices
from vectors import queries, unit_rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--queries", type=int, required=True)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    vectors = unit_rows(options.data)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    wanted = queries(vectors, options.queries)
    rounds = options.rounds if options.queries < 1000 else 1  # long enough to need no median

    def cost(threads):
        faiss.omp_set_num_threads(threads)
        return seconds(lambda: index.search(wanted, 10), rounds)
    best, threads = min((cost(threads), threads) for threads in thread_choices(options.threads))
    print(json.dumps({"ms": best * 1e3, "threads": threads, "faiss": faiss.__version__}))


if __name__ == "__main__":
    main()
