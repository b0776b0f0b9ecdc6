"""A door for Python to models that `runner train` (or the old trainer) made. Needs torch and NumPy alone.

    model = runner_lvm.load("artifacts/lvm/models/latest")     # a run's folder, a .pt or a .safetensors file
    predictions = runner_lvm.predict(model, vectors, articles) # [M, D], as `runner predict` writes them

docs/python.md has more.
"""

import json
import math
import pathlib
import pickle
import zipfile

import numpy
import torch
from torch import nn


class Lvm(nn.Module):
    """Contexts [B, T, D] -> raw predictions [B, D]. `config` is what the model's file tells, model_config among it."""

    def __init__(self, config):
        super().__init__()
        self.config = dict(config)
        self.args = self.config.get("args") or {}  # of a .pt file
        sizes = self.config["model_config"]
        self.width = sizes["output_dim"]
        self.positional_scalar = sizes.get("positional_scalar", 0)
        kind = sizes.get("residual", "none")
        self.residual = None if kind == "none" else Residual(kind, sizes.get("context"))

    @property
    def context(self):
        """T: vectors a context."""
        told = self.config.get("context") or self.config["model_config"].get("context") or self.args.get("data.context")
        return int(told or 5)  # the usual, where a model tells none

    @property
    def normalize(self):
        """Whether vectors are brought to length 1 as they are read."""
        return self.config.get("normalize", self.args.get("data.normalize")) in (True, "true")

    def predict(self, vectors, articles=None, chunks=None):
        return predict(self, vectors, articles, chunks)

    def forward(self, contexts):
        x = contexts
        if self.positional_scalar:
            place = torch.linspace(0, 1, x.size(1), dtype=x.dtype, device=x.device) * self.positional_scalar
            x = torch.cat([x, place.view(1, -1, 1).expand(x.size(0), -1, 1)], dim=2)
        output = self.output(x)
        return output if self.residual is None else self.residual(contexts) + output


class Residual(nn.Module):
    """What a model adds its output to: the last vector of the context, or a mean of all."""

    def __init__(self, kind, context):
        super().__init__()
        self.kind = kind
        if kind == "learned":
            self.weights = nn.Parameter(torch.zeros(context))

    def forward(self, contexts):
        if self.kind == "learned":
            return torch.einsum("t,btd->bd", torch.softmax(self.weights, 0), contexts)
        return contexts[:, -1] if self.kind == "last" else contexts.mean(1)


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


class Transformer(Lvm):
    def __init__(self, config):
        super().__init__(config)
        s = self.config["model_config"]
        d = s["d_model"]
        self.input_proj = nn.Linear(s["input_dim"], d)
        self.pos_encoder = Positions(d)
        layer = nn.TransformerDecoderLayer(d, s["nhead"], s.get("feedforward", 4 * d), s.get("dropout", 0), batch_first=True)
        self.transformer_decoder = nn.TransformerDecoder(layer, s["num_layers"])
        self.head = nn.Sequential(nn.Linear(d, d), nn.GELU(), nn.LayerNorm(d), nn.Linear(d, s["output_dim"]))

    def output(self, x):
        x = self.pos_encoder(self.input_proj(x))
        mask = torch.triu(torch.full((x.size(1), x.size(1)), float("-inf"), device=x.device), diagonal=1)
        x = self.transformer_decoder(x, x, tgt_mask=mask, memory_mask=mask)
        return self.head(x[:, -1])


class Lstm(Lvm):
    def __init__(self, config):
        super().__init__(config)
        s = self.config["model_config"]
        dropout = s.get("dropout", 0) if s["num_layers"] > 1 else 0
        self.lstm = nn.LSTM(s["input_dim"], s["hidden_dim"], s["num_layers"], batch_first=True, dropout=dropout)
        self.output_proj = nn.Linear(s["hidden_dim"], s["output_dim"])

    def output(self, x):
        return self.output_proj(self.lstm(x)[0][:, -1])


class GruBlock(nn.Module):
    def __init__(self, d_model, dropout):
        super().__init__()
        self.gru = nn.GRU(d_model, d_model, batch_first=True)
        self.norm = nn.LayerNorm(d_model)
        self.dropout = dropout

    def forward(self, x):
        return self.norm(x + nn.functional.dropout(self.gru(x)[0], self.dropout, self.training))


class Gru(Lvm):
    def __init__(self, config):
        super().__init__(config)
        s = self.config["model_config"]
        d = s["d_model"]
        self.input_proj = nn.Linear(s["input_dim"], d)
        self.blocks = nn.ModuleList(GruBlock(d, s.get("dropout", 0)) for _ in range(s["num_layers"]))
        self.output_proj = nn.Linear(d, s["output_dim"])

    def output(self, x):
        x = self.input_proj(x)
        for block in self.blocks:
            x = block(x)
        return self.output_proj(x[:, -1])


class Amn(Lvm):
    def __init__(self, config):
        super().__init__(config)
        s = self.config["model_config"]
        width, d, hidden = s["input_dim"], s["d_model"], s["hidden_dim"]
        self.context_encoder = nn.Linear(width, d)
        self.query_encoder = nn.Linear(width, d)
        self.residual_net = nn.Sequential(
            nn.Linear(2 * width, hidden), nn.GELU(), nn.LayerNorm(hidden),
            nn.Linear(hidden, d), nn.GELU(), nn.LayerNorm(d), nn.Linear(d, s["output_dim"]))

    def output(self, x):
        baseline = x.mean(1)
        keys, query = self.context_encoder(x), self.query_encoder(baseline)
        weights = torch.softmax(torch.einsum("bd,btd->bt", query, keys) / math.sqrt(keys.size(2)), dim=1)
        mixed = torch.einsum("bt,btd->bd", weights, x)
        output = self.residual_net(torch.cat([baseline, mixed], dim=1))
        return output if self.residual is not None else baseline + output  # one baseline, the residual's if it has one


class ResidualNext(Lvm):
    """raw = unit(last) + alpha * the inner model's direction."""

    def __init__(self, base):
        super().__init__({**base.config, "model_config": {"output_dim": base.width}})
        self.config = base.config
        self.alpha = nn.Parameter(torch.tensor(0.5))
        self.base = base

    def output(self, x):
        return unit(x[:, -1], 1e-8) + self.alpha * unit(self.base(x), 1e-12)


TYPES = {"transformer": Transformer, "lstm": Lstm, "gru": Gru, "amn": Amn}


def unit(x, least=1e-12):
    return x / x.norm(dim=-1, keepdim=True).clamp_min(least)


def build(config):
    """A model of these sizes with fresh weights. config: {"model_type", "model_config", ...}, as config.json has it."""
    kind, sizes = config.get("model_type"), config.get("model_config")
    if kind not in TYPES or not isinstance(sizes, dict):
        raise ValueError(f"model_type is {kind!r}; expected one of {', '.join(TYPES)}, and model_config beside it")
    model = TYPES[kind](config)
    return ResidualNext(model) if sizes.get("residual_next") else model


def load(path, device="cpu"):
    """The model of a run's folder, of a best_model.pt, or of a .safetensors file with config.json beside it, in
    evaluation mode. Raises ValueError when the weights are not those of the sizes that the file tells."""
    path = pathlib.Path(path)
    if path.is_dir():  # a folder of the old trainer has best_model.pt alone
        path = path / ("model.safetensors" if (path / "config.json").exists() else "best_model.pt")
    if path.suffix == ".safetensors":
        config = json.loads((path.parent / "config.json").read_text())
        weights = load_safetensors(path)
    else:
        config = {name: value for name, value in load_pt(path).items() if name != "optimizer_state_dict"}
        weights = config.pop("model_state_dict")
    model = build(config)
    try:
        model.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise ValueError(f"{path}: {error}") from None
    return model.to(device).eval()


def predict(model, vectors, articles=None, chunks=None, batch=1024):
    """What comes next, [M, D] float32 of length 1. `vectors` [N, D] with their articles' and chunks' numbers [N] (None: one
    article; in file order): a prediction for each of context_rows(); or ready contexts [M, T, D]."""
    vectors = numpy.asarray(vectors)
    ready = vectors.ndim == 3
    if vectors.ndim not in (2, 3) or vectors.shape[-1] != model.width:
        raise ValueError(f"vectors of shape {list(vectors.shape)}; expected [N, {model.width}] or [M, T, {model.width}]")
    articles = numpy.zeros(len(vectors), int) if articles is None else articles
    rows = numpy.arange(len(vectors)) if ready else context_rows(articles, model.context, chunks)
    device = next(model.parameters()).device
    out = numpy.empty((len(rows), model.width), numpy.float32)
    with torch.no_grad():
        for first in range(0, len(rows), batch):
            contexts = torch.from_numpy(vectors[rows[first : first + batch]].astype(numpy.float32)).to(device)
            contexts = unit(contexts, 1e-8) if model.normalize else contexts
            out[first : first + batch] = unit(model(contexts)).cpu().numpy()
    return out


def context_rows(articles, context, chunks=None):
    """Row numbers [M, T] of every context: so many rows of one article, its open end among them. Rows follow each other as
    in the file, or by article and chunk number where the file has them in another order."""
    articles = numpy.asarray(articles)
    order = numpy.arange(len(articles))
    chunks = order if chunks is None else numpy.asarray(chunks)
    begins = numpy.r_[True, articles[1:] != articles[:-1]][: len(order)]
    pieces = articles[begins]
    if len(numpy.unique(pieces)) < len(pieces) or (chunks[1:] < chunks[:-1])[~begins[1:]].any():
        order = numpy.lexsort((chunks, articles))
        begins = numpy.r_[True, articles[order][1:] != articles[order][:-1]]
    places = numpy.arange(len(order))
    ends = places[places - numpy.maximum.accumulate(numpy.where(begins, places, 0)) + 1 >= context]
    return order[ends[:, None] + numpy.arange(1 - context, 1)]


def load_safetensors(path):
    """Tensors by name, float32: 8 bytes of header length, a JSON header, the tensors' bytes."""
    raw = pathlib.Path(path).read_bytes()
    length = int.from_bytes(raw[:8], "little")
    tensors = {}
    for name, entry in json.loads(raw[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        kind = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}.get(entry["dtype"])
        if kind is None:
            raise ValueError(f"{path}: {name} is of type {entry['dtype']}; expected F32, F64, F16 or BF16")
        values = numpy.frombuffer(raw[8 + length + begin : 8 + length + end], kind)
        if entry["dtype"] == "BF16":
            values = (values.astype("<u4") << 16).view("<f4")
        tensors[name] = torch.from_numpy(values.astype(numpy.float32).reshape(entry["shape"]))
    return tensors


def load_pt(path):
    """What a .pt file holds, without running code out of it: by torch's safe loader where that opens the file (it
    refuses the NumPy numbers of old files, and in PyTorch 1.13 any number with a point), else by a reader of ours."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        with zipfile.ZipFile(path) as archive:
            return _Restricted(archive).load()


class _Restricted(pickle.Unpickler):
    """Tensors, plain containers, numbers and texts, NumPy's numbers among them; anything else is refused by name."""

    storages = {"DoubleStorage": torch.float64, "FloatStorage": torch.float32, "HalfStorage": torch.float16,
                "BFloat16Storage": torch.bfloat16, "LongStorage": torch.int64, "IntStorage": torch.int32}
    allowed = {"collections": ("OrderedDict",), "numpy.core.multiarray": ("scalar", "_reconstruct"),
               "numpy": ("dtype", "ndarray"), "_codecs": ("encode",)}

    def __init__(self, archive):
        (self.pickle,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
        super().__init__(archive.open(self.pickle))
        self.archive = archive

    def find_class(self, module, name):
        module = module.replace("numpy._core.", "numpy.core.")
        if module == "torch" and name in self.storages:
            return self.storages[name]
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, size, stride, *_: torch.as_strided(storage, size, stride, offset).clone()
        if name not in self.allowed.get(module, ()):
            raise pickle.UnpicklingError(f"{module}.{name} does not belong in a model's file; it is not loaded")
        if module == "numpy.core.multiarray" and hasattr(numpy, "_core"):
            module = "numpy._core.multiarray"
        return super().find_class(module, name)

    def persistent_load(self, place):
        _, dtype, key, *_ = place
        return torch.frombuffer(bytearray(self.archive.read(self.pickle[: -len("data.pkl")] + f"data/{key}")), dtype=dtype)
