"""`runner predict` and the Python door give the same predictions, for every model type and option, from the run's folder,
its .pt and its .safetensors; and the door runs no code out of a file."""

import json
import pathlib
import pickle
import shutil
import zipfile

import peer

numpy = peer.need("numpy")
torch = peer.need("torch")
from models import runner_lvm  # noqa: E402  (needs torch)

MODELS = {
    "transformer": {"type": "transformer", "d_model": 64, "heads": 4, "layers": 2, "feedforward": 96},
    "lstm": {"type": "lstm", "hidden": 48},
    "transformer with residual learned": {"type": "transformer", "d_model": 32, "heads": 2, "layers": 2, "residual": "learned"},
    "lstm with residual mean": {"type": "lstm", "hidden": 32, "residual": "mean"},
    "gru with residual last": {"type": "gru", "d_model": 32, "layers": 1, "residual": "last"},
    "amn with residual learned": {"type": "amn", "d_model": 32, "hidden": 48, "residual": "learned"},
    "lstm of one layer": {"type": "lstm", "hidden": 32, "layers": 1},
    "gru": {"type": "gru", "d_model": 48, "layers": 2},
    "amn": {"type": "amn", "d_model": 48, "hidden": 64},
    "residual_next": {"type": "gru", "d_model": 32, "layers": 1, "residual_next": "true"},
    "positional_scalar": {"type": "transformer", "d_model": 32, "heads": 2, "layers": 1, "positional_scalar": 0.5},
    "residual_next with positional_scalar": {"type": "lstm", "hidden": 32, "residual_next": "true", "positional_scalar": 0.3},
}


def train(name, sizes, work, *flags):
    run = pathlib.Path(work) / name.replace(" ", "_")
    settings = [part for key, value in sizes.items() for part in ("--set", f"model.{key}={value}")]
    peer.runner("train", "configs/mse_transformer.yaml", "--npz", peer.SAMPLE, "--output", run, "--max-steps", 8, "--lr", 0.01,
                "--precision", "fp32", "--device", "cpu", *settings, *flags)
    return run


def door(path, vectors, articles, chunks=None):
    return runner_lvm.predict(runner_lvm.load(path), vectors, articles, chunks)


def check(name, model, npz, work):
    """The runner's predictions and the door's from `model`; the former."""
    output = pathlib.Path(work) / "predictions.npz"
    peer.runner("predict", model, "--npz", npz, "--output", output, "--device", "cpu")
    written, source = numpy.load(output), numpy.load(npz)
    ours = written["predictions"]
    theirs = door(model, source["vectors"], source["article_indices"], source["chunk_indices"])
    peer.check(ours.dtype == numpy.float32 and ours.shape == theirs.shape, f"{name}: {ours.dtype} {ours.shape}, expected {theirs.shape}")
    rows = runner_lvm.context_rows(source["article_indices"], runner_lvm.load(model).context, source["chunk_indices"])[:, -1]
    peer.check(numpy.array_equal(written["last_row"], rows), f"{name}: last_row differs")
    peer.check(numpy.array_equal(written["article"], source["article_indices"][rows]), f"{name}: article differs")
    apart = numpy.abs(ours - theirs).max()
    peer.check(apart < 1e-5, f"{name}: predictions differ by {apart}")
    print(f"{name}: {len(ours)} predictions, at most {apart:.1e} apart")
    return ours


def same_from_every_file(name, run, work):
    source = numpy.load(peer.SAMPLE)
    part, articles = source["vectors"][:200], source["article_indices"][:200]
    wanted = door(run, part, articles)
    alone = pathlib.Path(work) / "alone"
    shutil.rmtree(alone, ignore_errors=True)
    alone.mkdir()
    shutil.copy(run / "best_model.pt", alone)
    for path in (run / "best_model.pt", run / "model.safetensors", alone / "best_model.pt", alone):
        peer.check(numpy.array_equal(door(path, part, articles), wanted), f"{name}: {path} gives other predictions")
    model = runner_lvm.load(run)
    contexts = part[runner_lvm.context_rows(articles, model.context)]
    peer.check(numpy.array_equal(model.predict(contexts), wanted), f"{name}: ready contexts give other predictions")


def smaller_types(run, work):
    """float16, bfloat16 and float64 tensors, as other tools write them."""
    folder = pathlib.Path(work) / "halved"
    folder.mkdir()
    shutil.copy(run / "config.json", folder)
    weights = runner_lvm.load_safetensors(run / "model.safetensors")
    for name, dtype, same_size in (("F16", torch.float16, torch.int16), ("BF16", torch.bfloat16, torch.int16), ("F64", torch.float64, torch.int64)):
        header, body = {}, b""
        for key, tensor in weights.items():
            raw = tensor.to(dtype).contiguous().view(same_size).numpy().tobytes()
            header[key] = {"dtype": name, "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(raw)]}
            body += raw
        text = json.dumps(header).encode()
        (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + body)
        loaded = runner_lvm.load(folder).state_dict()
        for key, tensor in weights.items():
            peer.check(torch.equal(loaded[key], tensor.to(dtype).float()), f"{name}: {key} is read wrongly")


class Harmful:
    def __reduce__(self):
        return (exec, ("import pathlib; pathlib.Path('harmed').touch()",))


def refuses_code(work):
    path = pathlib.Path(work) / "harmful.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"model_type": "amn", "model_state_dict": Harmful()}, protocol=2))
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/byteorder", "little")
    try:
        runner_lvm.load(path)
    except pickle.UnpicklingError as error:
        peer.check("exec" in str(error), f"the refusal does not name what it refused: {error}")
    else:
        peer.check(False, "a file with code in it was loaded")
    peer.check(not pathlib.Path("harmed").exists(), "code out of a .pt file ran")


with peer.folder() as work:
    for name, sizes in MODELS.items():
        run = train(name, sizes, work)
        check(name, run, peer.SAMPLE, work)
        same_from_every_file(name, run, work)
    check("normalized", train("normalized", MODELS["amn"], work, "--set", "data.normalize=true"), peer.SAMPLE, work)
    three = train("three", MODELS["transformer"], work, "--set", "data.context=3")
    check("contexts of three", three, peer.SAMPLE, work)
    smaller_types(three, work)
    source, shuffled = numpy.load(peer.SAMPLE), pathlib.Path(work) / "shuffled.npz"
    order = numpy.random.default_rng(1).permutation(len(source["vectors"]))
    numpy.savez(shuffled, **{name: source[name][order] for name in ("vectors", "article_indices", "chunk_indices")})
    check("rows in another order", three, shuffled, work)
    fixtures = peer.ROOT / "tests" / "fixtures"
    for old in sorted((fixtures / "old_model").glob("*.pt")):
        check(old.name, old, fixtures / "parity" / "cat_articles.npz", work)
    refuses_code(work)
