"""The Python of docs/python.md and docs/data.md runs as it stands: after a real (short) training run and a real index, with a
stand-in for the embedding model alone."""

import os
import pathlib
import re
import sys
import types

import peer

numpy = peer.need("numpy")
torch = peer.need("torch")
faiss = peer.need("faiss")
sys.path.insert(0, str(peer.ROOT / "python"))


def blocks(page, least):
    found = re.findall(r"^```python\n(.*?)^```$", (peer.ROOT / page).read_text(), re.M | re.S)
    peer.check(len(found) >= least, f"{page}: {len(found)} Python blocks, {least} were there")
    return found


def run(page, least):
    """All blocks of a page, one after the other; the names they leave."""
    names = {}
    for number, block in enumerate(blocks(page, least), 1):
        exec(compile(block, f"{page}, block {number}", "exec"), names)
    print(f"{page}: {least} blocks or more ran")
    return names


class SentenceTransformer:
    """Stands in for the embedding model: unit vectors of 768 that depend on the text alone."""

    def __init__(self, name):
        self.name = name

    def encode(self, texts, normalize_embeddings=False):
        made = [numpy.random.default_rng(list(text.encode())).standard_normal(768) for text in texts]
        return numpy.stack([v / numpy.linalg.norm(v) for v in made]).astype(numpy.float32)


with peer.folder() as work:
    work = pathlib.Path(work)
    (work / "artifacts").mkdir()
    (work / "artifacts" / "sample").symlink_to(peer.ROOT / "artifacts" / "sample")
    models = work / "artifacts" / "lvm" / "models"
    index = work / "artifacts" / "index" / "cppdocs_flat_ip.index"
    peer.runner("train", "configs/p6b_v23.yaml", "--max-steps", 2, "--device", "cpu", "--output", models / "run")
    peer.runner("index", "configs/index_flat_ip.yaml", "--output", index)
    peer.runner("predict", models / "latest", "--npz", peer.SAMPLE, "--index", index, "--k", 5, "--output", work / "p.npz", "--device", "cpu")
    os.chdir(work)

    names = run("docs/python.md", 4)
    written = numpy.load("p.npz")
    peer.check(numpy.array_equal(names["rows"][:, -1], written["last_row"]), "docs/python.md: rows are not last_row")
    peer.check(numpy.abs(names["predictions"] - written["predictions"]).max() < 1e-5, "docs/python.md: other predictions")
    peer.check(numpy.abs(names["scores"] - written["scores"]).max() < 1e-4, "docs/python.md: other neighbours")

    sys.modules["sentence_transformers"] = types.SimpleNamespace(SentenceTransformer=SentenceTransformer)
    for name, passages in (("first.txt", 9), ("second.txt", 12)):
        pathlib.Path(name).write_text("\n\n".join(f"passage {i} of {name}" for i in range(passages)))
    run("docs/data.md", 1)
    made = work / "my_vectors.npz"
    told = peer.runner("sequences", "configs/sequences_ctx5.yaml", "--npz", made, "--output", work / "windows.npz")
    peer.check(told["sequences"] == 9 - 5 + 12 - 5 and told["articles"] == 2, f"docs/data.md: {told}")
    told = peer.runner("predict", models / "latest", "--npz", made, "--output", work / "q.npz", "--device", "cpu")
    peer.check(told["predictions"] == 9 - 4 + 12 - 4, f"docs/data.md: {told}")
