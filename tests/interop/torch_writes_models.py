"""Model files as PyTorch users save them: each gives the runner the weights that a plain state dict gives it."""

import argparse
import json
import os
import pathlib
import subprocess

import peer

numpy = peer.need("numpy")
torch = peer.need("torch")
import models  # noqa: E402  (needs torch)

SIZES = {"input_dim": 768, "d_model": 16, "nhead": 2, "num_layers": 1, "dropout": 0.0, "output_dim": 768}


def figures(model, work):
    """5CAT of a model file: its figures, or what the runner said against it."""
    command = [os.environ["RUNNER"], "eval", "configs/eval_5cat.yaml", "--model", str(model), "--precision", "fp32", "--device", "cpu",
               "--set", "samples=16", "--output", str(pathlib.Path(work) / "report.json"), "--json",
               "--set", "val.context=5", "--set", "val.target_offset=2", "--set", "val.fraction=0.1"]
    done = subprocess.run(command, cwd=peer.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peer.check(done.returncode in (0, 5), f"{model}: exit code {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])["VAL"]


def renamed(state, prefix):
    return {prefix + name: tensor for name, tensor in state.items()}


def write_safetensors(path, state):
    header, body = {}, b""
    for name, tensor in state.items():
        raw = tensor.contiguous().numpy().tobytes()
        kind = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16"}[tensor.dtype]
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)


class Unknown:
    def __init__(self):
        self.hidden = 1


with peer.folder() as work:
    torch.manual_seed(1)
    model = models.TYPES["transformer"](**SIZES)
    plain = {name: tensor.detach().half().float() for name, tensor in model.state_dict().items()}  # exact in every type
    rest = {"model_type": "transformer", "model_config": SIZES}
    args = {"size": torch.Size([2, 3]), "complex": 1 + 2j, "device": torch.device("cuda", 1), "dtype": torch.bfloat16,
            "set": {1}, "frozen": frozenset([2]), "bytes": bytearray(b"x"), "namespace": argparse.Namespace(lr=1), "unknown": Unknown()}
    parameters = {name: torch.nn.Parameter(tensor) for name, tensor in plain.items()}
    tagged = {name: torch.nn.Parameter(tensor) for name, tensor in plain.items()}
    for parameter in tagged.values():
        parameter.note = "kept"
    files = {
        "plain": {**rest, "model_state_dict": plain},
        "parameters": {**rest, "model_state_dict": parameters},
        "parameters_with_attributes": {**rest, "model_state_dict": tagged},
        "ddp": {**rest, "model_state_dict": renamed(plain, "module.")},
        "compiled": {**rest, "model_state_dict": renamed(plain, "_orig_mod.")},
        "compiled_ddp": {**rest, "model_state_dict": renamed(plain, "module._orig_mod.")},
        "ddp_compiled": {**rest, "model_state_dict": renamed(plain, "_orig_mod.module.")},
        "half": {**rest, "model_state_dict": {name: tensor.half() for name, tensor in plain.items()}},
        "double": {**rest, "model_state_dict": {name: tensor.double() for name, tensor in plain.items()}},
        "args": {**rest, "model_state_dict": plain, "args": args},
        "optimizer": {**rest, "model_state_dict": plain, "optimizer_state_dict": {"state": Unknown()}},
        "ordered": {**rest, "model_state_dict": model.state_dict().__class__(plain)},
        "transposed": {**rest, "model_state_dict": {n: t.t().contiguous().t() if t.dim() == 2 else t for n, t in plain.items()}},
    }
    wanted = None
    for name, contents in files.items():
        path = pathlib.Path(work) / f"{name}.pt"
        torch.save(contents, path)
        found = figures(path, work)
        wanted = wanted or found
        peer.check(found == wanted, f"{name}.pt gives other figures than plain.pt: {found} and {wanted}")
    (pathlib.Path(work) / "config.json").write_text(json.dumps(rest))
    for kind in ("float", "double", "half"):
        path = pathlib.Path(work) / f"{kind}.safetensors"
        write_safetensors(path, {name: getattr(tensor, kind)() for name, tensor in renamed(plain, "module.").items()})
        peer.check(figures(path, work) == wanted, f"{path.name} gives other figures than plain.pt")
    print(f"{len(files) + 3} files, one set of figures")
