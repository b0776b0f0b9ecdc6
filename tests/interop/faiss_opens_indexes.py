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

    queries = data[::40]
    truth = flat.search(queries, 10)[1]
    for factory, least, flags in (
        ("IVF2048,Flat", 0.9, ("--set", "index.nprobe=512")),
        ("HNSW16", 0.9, ()),
        ("PQ32", 0.3, ()),
        ("IDMap2,Flat", 1.0, ("--set", "input.ids=chunk_indices")),
        ("IDMap2,HNSW16", 0.9, ("--set", "input.ids=article_indices")),
    ):
        index = build(work, factory, *flags)
        peer.check(index.ntotal == len(data), f"{factory}: {index.ntotal} vectors")
        found = index.search(queries, 10)[1]
        if flags and flags[1].startswith("input.ids="):
            ids = numpy.load(peer.DATA)[flags[1].removeprefix("input.ids=")].astype("int64")
            wanted = ids[truth]
            peer.check(type(faiss.downcast_index(index)) is faiss.IndexIDMap2, f"{factory}: {type(index)}")
        else:
            wanted = truth
        recall = numpy.mean([len(set(f) & set(w)) / len(set(w)) for f, w in zip(found, wanted)])
        peer.check(recall >= 0.995 * least, f"{factory}: recall {recall}")
        print(f"{factory}: {index.ntotal} vectors, recall at 10 {recall:.3f}")
