#!/usr/bin/env python3
"""The libraries' floor of a training step: its matrix products alone, as fast as PyTorch's libraries multiply on this machine,
plus one pass over the optimizer's memory. Prints one JSON object."""
import argparse
import json

import torch

from shapes import PARAMETERS, STEP_BYTES, flop, products
from timing import best_threads, seconds


def product_seconds(batch, dtype, rounds):
    total = 0.0
    for m, n, k, count in products(batch):
        a = torch.randn(m, k).to(dtype)
        b = torch.randn(k, n).to(dtype)
        out = torch.empty(m, n, dtype=dtype)
        total += count * seconds(lambda: torch.mm(a, b, out=out), rounds)
    return total


def memory_seconds(rounds):
    """One pass over those bytes, by a plain addition at the machine's own rate."""
    n = PARAMETERS * STEP_BYTES // 12
    a, b, c = (torch.ones(n) for _ in range(3))
    return seconds(lambda: torch.add(a, b, out=c), rounds)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    dtype = torch.bfloat16 if options.precision == "bf16" else torch.float32

    def cost(threads):
        torch.set_num_threads(threads)
        return product_seconds(options.batch, dtype, 1) + memory_seconds(1)
    threads = best_threads(options.threads, cost)
    torch.set_num_threads(threads)
    products_s = product_seconds(options.batch, dtype, options.rounds)
    memory_s = memory_seconds(options.rounds)
    print(json.dumps({"samples_per_second": options.batch / (products_s + memory_s), "products_s": products_s,
                      "memory_s": memory_s, "gflops": flop(options.batch) / products_s / 1e9, "batch": options.batch,
                      "precision": options.precision, "threads": threads, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
