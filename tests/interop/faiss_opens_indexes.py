"""FAISS's own reader opens the published index; every vector finds its own score as the highest."""

import pathlib

import peer

numpy = peer.need("numpy")
faiss = peer.need("faiss")


def vectors():
    data = numpy.load(peer.DATA)["vectors"].astype("float32")
    return data / numpy.linalg.norm(data, axis=1, keepdims=True)


def build(work, factory, *flags):
    output = pathlib.Path(work) / f"{factory.replace(',', '_')}.index"
    result = peer.runner("index", "configs/index_flat_ip.yaml", "--npz", peer.DATA, "--output", output,
                         "--set", f"index.factory={factory}", *flags)
    index = faiss.read_index(str(output))
    peer.check(index.ntotal == result["ntotal"], f"{factory}: ntotal {index.ntotal}, reported {result['ntotal']}")
    peer.check(index.d == 768, f"{factory}: dimension {index.d}")
    peer.check(index.metric_type == faiss.METRIC_INNER_PRODUCT, f"{factory}: metric {index.metric_type}")
    return index


with peer.folder() as work:
    data = vectors()
    flat = build(work, "Flat")
    peer.check(flat.ntotal == len(data), f"Flat: {flat.ntotal} of {len(data)} vectors")
    stored = flat.reconstruct_n(0, flat.ntotal)
    peer.check(numpy.abs(stored - data).max() < 1e-6, "Flat: stored vectors differ from the normalised input")
    for first in range(0, len(data), 2048):
        part = data[first : first + 2048]
        scores, ids = flat.search(part, 1)
        own = numpy.einsum("ij,ij->i", part, part)
        peer.check(bool((numpy.abs(scores[:, 0] - own) < 1e-5).all()), f"Flat: rows from {first}: a higher score than a vector's own")
        # Exact duplicates share the score, so ids may differ, but then the vectors are equal.
        other = ids[:, 0] != numpy.arange(first, first + len(part))
        peer.check(bool((numpy.abs(data[ids[other, 0]] - part[other]) < 1e-3).all()), f"Flat: rows from {first}: a stranger came first")
    print(f"Flat: {flat.ntotal} vectors, each with its own score on top")

    lists = build(work, "IVF32,Flat", "--set", "index.nprobe=32")
    peer.check(lists.ntotal == len(data), f"IVF: {lists.ntotal} vectors")
    print(f"IVF32,Flat: {lists.ntotal} vectors")
