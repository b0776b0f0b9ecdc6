"""NumPy opens the neighbours that `runner search` wrote, and they are those of a plain product."""

import pathlib

import peer

numpy = peer.need("numpy")
K = 10

with peer.folder() as work:
    work = pathlib.Path(work)
    index, found = work / "sample.index", work / "neighbours.npz"
    peer.runner("index", "configs/index_flat_ip.yaml", "--npz", peer.SAMPLE, "--output", index)
    data = numpy.load(peer.SAMPLE)["vectors"].astype("float32")
    data /= numpy.linalg.norm(data, axis=1, keepdims=True)
    queries = data[::40]
    numpy.save(work / "queries.npy", queries)
    peer.runner("search", index, "--queries", work / "queries.npy", "--k", K, "--output", found)

    written = numpy.load(found, allow_pickle=False)
    peer.check(written["ids"].dtype == numpy.int64 and written["scores"].dtype == numpy.float32, "ids int64, scores float32 expected")
    peer.check(written["ids"].shape == (len(queries), K), f"shape {written['ids'].shape}")
    product = queries @ data.T
    best = -numpy.sort(-product, axis=1)[:, :K]
    peer.check(numpy.abs(written["scores"] - best).max() < 1e-5, "scores differ from those of a plain product")
    picked = numpy.take_along_axis(product, written["ids"], axis=1)
    peer.check(numpy.abs(picked - written["scores"]).max() < 1e-5, "an id does not belong to its score")
    print(f"{len(queries)} queries, {K} neighbours each")
