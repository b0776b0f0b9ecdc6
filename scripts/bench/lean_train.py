#!/usr/bin/env python3
"""The peer of the training benchmark: the same model, as a lean PyTorch program trains it at its best.

Contexts are gathered from one float32 tensor, nn.TransformerDecoder (nn.LSTM, nn.GRU), fused AdamW, gradient clipping, mean
squared error. `--precision bf16` is torch.autocast. Prints one JSON object: samples per second (median of rounds) and spread.
"""
import argparse
import json
import math
import pathlib
import statistics
import sys
import time

import torch
from torch import nn

from timing import best_threads, seconds
from vectors import load

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "python"))
import runner_lvm  # noqa: E402: of this tree

# Sizes as configs/mse_*.yaml have them.
SIZES = {"lstm": {"hidden_dim": 512, "num_layers": 2, "dropout": 0.2}, "gru": {"d_model": 512, "num_layers": 4, "dropout": 0},
         "amn": {"d_model": 256, "hidden_dim": 512}}


class Transformer(nn.Module):
    def __init__(self, width, d_model=512, heads=8, layers=4, dropout=0.1):
        super().__init__()
        self.input_proj = nn.Linear(width, d_model)
        position = torch.arange(100).unsqueeze(1)
        frequency = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        table = torch.zeros(1, 100, d_model)
        table[0, :, 0::2] = torch.sin(position * frequency)
        table[0, :, 1::2] = torch.cos(position * frequency)
        self.register_buffer("pe", table)
        layer = nn.TransformerDecoderLayer(d_model, heads, 4 * d_model, dropout, batch_first=True)
        self.decoder = nn.TransformerDecoder(layer, layers)
        self.head = nn.Sequential(nn.Linear(d_model, d_model), nn.GELU(), nn.LayerNorm(d_model), nn.Linear(d_model, width))

        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(5))

    def forward(self, x):
        h = self.input_proj(x) + self.pe[:, : x.shape[1]]
        h = self.decoder(h, h, tgt_mask=self.mask, memory_mask=self.mask)
        return self.head(h[:, -1])


def model_of(kind, width):
    if kind == "transformer":
        return Transformer(width)
    return runner_lvm.build({"model_type": kind, "model_config": {"input_dim": width, "output_dim": width, **SIZES[kind]}})


def adamw(parameters, device):
    try:
        return torch.optim.AdamW(parameters, lr=5e-4, weight_decay=0.01, fused=True)
    except (RuntimeError, TypeError):  # PyTorch < 2.4 has no fused CPU AdamW
        return torch.optim.AdamW(parameters, lr=5e-4, weight_decay=0.01, foreach=device != "cpu")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--model", choices=["transformer", *SIZES], default="transformer")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=20, help="steps a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.manual_seed(42)
    device = options.device

    vectors = torch.from_numpy(load(options.data)).to(device)
    context, offset = 5, 2
    model = model_of(options.model, vectors.shape[1]).to(device).train()
    optimizer = adamw(model.parameters(), device)
    window = torch.arange(context, device=device)
    autocast = torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=options.precision == "bf16")

    def step():
        first = torch.randint(0, len(vectors) - context - offset, (options.batch,), device=device)
        contexts = vectors[first[:, None] + window]
        targets = vectors[first + context - 1 + offset]
        with autocast:
            raw = model(contexts)
        loss = torch.mean((raw.float() - targets) ** 2)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    def synchronise():
        if device != "cpu":
            torch.cuda.synchronize()

    def cost(threads):
        torch.set_num_threads(threads)
        return seconds(step, 1)
    # A GPU's steps are all its own.
    threads = best_threads(options.threads or (device != "cpu" and torch.get_num_threads()), cost)
    torch.set_num_threads(threads)
    for _ in range(1 if device == "cpu" else 3):
        step()
    rates = []
    for _ in range(options.rounds):
        synchronise()
        start = time.perf_counter()
        for _ in range(options.steps):
            step()
        synchronise()
        rates.append(options.steps * options.batch / (time.perf_counter() - start))
    print(json.dumps({"samples_per_second": statistics.median(rates), "low": min(rates), "high": max(rates),
                      "parameters": sum(p.numel() for p in model.parameters()), "torch": torch.__version__, "threads": threads, "precision": options.precision,
                      "batch": options.batch}))


if __name__ == "__main__":
    main()
