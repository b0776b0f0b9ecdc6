"""PyTorch opens best_model.pt with its safe loader, the weights load strictly into modules of the same names and give
the validation cosine that the runner reported; model.safetensors holds the same bytes."""

import json
import pathlib
import struct

import peer

numpy = peer.need("numpy")
torch = peer.need("torch")
import models  # noqa: E402  (needs torch)

CONTEXT, OFFSET, FRACTION = 5, 2, 0.1
SIZES = {
    "transformer": {"d_model": 64, "heads": 4, "layers": 2, "feedforward": 256},
    "lstm": {"hidden": 48},
    "gru": {"d_model": 48, "layers": 2},
    "amn": {"d_model": 48, "hidden": 64},
}


def load_pt(path):
    """With the safe loader: a file that needs arbitrary code is refused. PyTorch 1.x has one that knows no floating point
    numbers and so opens no checkpoint with a loss in it, its own neither; there its default loader opens the file."""
    safe = {"weights_only": True} if int(torch.__version__.split(".")[0]) >= 2 else {}
    return torch.load(path, map_location="cpu", **safe)


def load_safetensors(path):
    """The format by hand: 8 bytes of header length, a JSON header, the tensors' bytes."""
    raw = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    body = raw[8 + length :]
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        peer.check(entry["dtype"] == "F32", f"{path}: {name} is {entry['dtype']}, expected F32")
        begin, end = entry["data_offsets"]
        tensors[name] = torch.from_numpy(numpy.frombuffer(body[begin:end], "<f4").reshape(entry["shape"]).copy())
    return tensors


def validation_cosine(model):
    data = numpy.load(peer.SAMPLE)
    vectors = torch.from_numpy(data["vectors"].astype("float32"))
    starts = torch.tensor(peer.validation_windows(data["article_indices"], CONTEXT, OFFSET, FRACTION))
    context = vectors[starts.unsqueeze(1) + torch.arange(CONTEXT)]
    target = vectors[starts + CONTEXT - 1 + OFFSET]
    with torch.no_grad():
        predicted = torch.nn.functional.normalize(model(context), dim=1)
    return torch.nn.functional.cosine_similarity(predicted, target, dim=1).mean().item(), len(starts)


def train(kind, output):
    sets = [f"model.type={kind}", *(f"model.{key}={value}" for key, value in SIZES[kind].items())]
    flags = [part for setting in sets for part in ("--set", setting)]
    return peer.runner("train", "configs/p6b_v23.yaml", "--npz", peer.SAMPLE, "--output", output, "--max-steps", 60, "--lr", 0.003,
                       "--precision", "fp32", "--device", "cpu", *flags)


def check_model(kind, work):
    run = pathlib.Path(work) / kind
    reported = train(kind, run)
    saved = load_pt(run / "best_model.pt")
    for key in ("epoch", "model_type", "model_state_dict", "optimizer_state_dict", "val_loss", "val_cosine", "model_config", "args"):
        peer.check(key in saved, f"{kind}: best_model.pt has no {key}")
    peer.check(saved["model_type"] == kind, f"{kind}: model_type is {saved['model_type']}")

    model = models.TYPES[kind](**saved["model_config"])
    model.load_state_dict(saved["model_state_dict"], strict=True)
    model.eval()
    cosine, rows = validation_cosine(model)
    peer.check(abs(cosine - reported["best_val_cosine"]) < 1e-4,
               f"{kind}: PyTorch computes validation cosine {cosine:.6f}, the runner reported {reported['best_val_cosine']:.6f}")

    stored = load_safetensors(run / "model.safetensors")
    state = model.state_dict()
    peer.check(set(stored) == set(state), f"{kind}: names differ: {sorted(set(stored) ^ set(state))}")
    for name, tensor in stored.items():
        peer.check(torch.equal(tensor, state[name]), f"{kind}: {name} differs between model.safetensors and best_model.pt")
    peer.check((run / "config.json").is_file() and json.loads((run / "config.json").read_text()), f"{kind}: no config.json")
    print(f"{kind}: validation cosine {cosine:.6f} over {rows} windows, reported {reported['best_val_cosine']:.6f}")


with peer.folder() as work:
    for kind in SIZES:
        check_model(kind, work)
