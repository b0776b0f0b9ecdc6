"""The four models as plain PyTorch modules, with the names that a state dict of the runner must load into strictly."""

import math

import torch
from torch import nn


class Positions(nn.Module):
    def __init__(self, d_model, length=100):
        super().__init__()
        place = torch.arange(length).unsqueeze(1)
        rate = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        table = torch.zeros(1, length, d_model)
        table[0, :, 0::2] = torch.sin(place * rate)
        table[0, :, 1::2] = torch.cos(place * rate)
        self.register_buffer("pe", table)

    def forward(self, x):
        return x + self.pe[:, : x.size(1)]


class Transformer(nn.Module):
    def __init__(self, input_dim, d_model, nhead, num_layers, dropout, output_dim):
        super().__init__()
        self.input_proj = nn.Linear(input_dim, d_model)
        self.pos_encoder = Positions(d_model)
        layer = nn.TransformerDecoderLayer(d_model, nhead, 4 * d_model, dropout, batch_first=True)
        self.transformer_decoder = nn.TransformerDecoder(layer, num_layers)
        self.head = nn.Sequential(nn.Linear(d_model, d_model), nn.GELU(), nn.LayerNorm(d_model), nn.Linear(d_model, output_dim))

    def forward(self, x):
        x = self.pos_encoder(self.input_proj(x))
        mask = torch.triu(torch.full((x.size(1), x.size(1)), float("-inf")), diagonal=1)
        x = self.transformer_decoder(x, x, tgt_mask=mask, memory_mask=mask)
        return self.head(x[:, -1])


class Lstm(nn.Module):
    def __init__(self, input_dim, hidden_dim, num_layers, dropout, output_dim):
        super().__init__()
        self.lstm = nn.LSTM(input_dim, hidden_dim, num_layers, batch_first=True, dropout=dropout)
        self.output_proj = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        return self.output_proj(self.lstm(x)[0][:, -1])


class GruBlock(nn.Module):
    def __init__(self, d_model):
        super().__init__()
        self.gru = nn.GRU(d_model, d_model, batch_first=True)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, x):
        return self.norm(x + self.gru(x)[0])


class Gru(nn.Module):
    def __init__(self, input_dim, d_model, num_layers, dropout, output_dim):
        super().__init__()
        self.input_proj = nn.Linear(input_dim, d_model)
        self.blocks = nn.ModuleList(GruBlock(d_model) for _ in range(num_layers))
        self.output_proj = nn.Linear(d_model, output_dim)

    def forward(self, x):
        x = self.input_proj(x)
        for block in self.blocks:
            x = block(x)
        return self.output_proj(x[:, -1])


class Amn(nn.Module):
    def __init__(self, input_dim, d_model, hidden_dim, output_dim):
        super().__init__()
        self.context_encoder = nn.Linear(input_dim, d_model)
        self.query_encoder = nn.Linear(input_dim, d_model)
        self.residual_net = nn.Sequential(
            nn.Linear(2 * input_dim, hidden_dim), nn.GELU(), nn.LayerNorm(hidden_dim),
            nn.Linear(hidden_dim, d_model), nn.GELU(), nn.LayerNorm(d_model), nn.Linear(d_model, output_dim))

    def forward(self, x):
        baseline = x.mean(1)
        keys, query = self.context_encoder(x), self.query_encoder(baseline)
        weights = torch.softmax(torch.einsum("bd,btd->bt", query, keys) / math.sqrt(keys.size(2)), dim=1)
        mixed = torch.einsum("bt,btd->bd", weights, x)
        return baseline + self.residual_net(torch.cat([baseline, mixed], dim=1))


TYPES = {"transformer": Transformer, "lstm": Lstm, "gru": Gru, "amn": Amn}
