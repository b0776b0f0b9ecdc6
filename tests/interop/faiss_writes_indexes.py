"""Indexes that FAISS's Python writes, of many types, are searched by the runner with FAISS's own results."""

import pathlib

import peer

numpy = peer.need("numpy")
faiss = peer.need("faiss")

ROWS, WIDTH, K = 2000, 64, 10


def build(factory, metric, data, ids=None):
    index = faiss.index_factory(WIDTH, factory, metric)
    index.train(data)
    if ids is None:
        index.add(data)
    else:
        index.add_with_ids(data, ids)
    return index


def compare(work, name, index, queries):
    path, output = pathlib.Path(work) / "x.index", pathlib.Path(work) / "found.npz"
    faiss.write_index(index, str(path))
    peer.runner("search", path, "--queries", pathlib.Path(work) / "q.npy", "--k", K, "--output", output)
    scores, ids = faiss.read_index(str(path)).search(queries, K)
    found = numpy.load(output)
    peer.check(numpy.allclose(found["scores"], scores, rtol=1e-4, atol=1e-4), f"{name}: other scores")
    same = (found["ids"] == ids).mean()
    peer.check(same > 0.99, f"{name}: {same:.3f} of the ids agree")
    print(f"{name}: as FAISS finds them")


with peer.folder() as work:
    random = numpy.random.default_rng(3)
    data = random.standard_normal((ROWS, WIDTH)).astype("float32")
    queries = data[:50] + 0.1 * random.standard_normal((50, WIDTH)).astype("float32")
    numpy.save(pathlib.Path(work) / "q.npy", queries)
    ids = random.permutation(ROWS).astype("int64") * 10**12
    for factory in ("Flat", "IVF32,Flat", "IVF32,SQ8", "IVF32,PQ8x4np", "IVF32,PQ16x4fs", "HNSW16", "PQ16x4np", "PQ16x4fs", "SQfp16",
                    "PCA32,IVF32,Flat", "RR64,PQ8x4np", "IVF32,PQ8x4np,RFlat", "IVF32_HNSW16,Flat", "NSG16", "LSH", "RQ4x4"):
        compare(work, factory, build(factory, faiss.METRIC_L2, data), queries)
    graph = faiss.IndexNNDescentFlat(WIDTH, 32, faiss.METRIC_L2)
    graph.add(data)
    compare(work, "IndexNNDescentFlat", graph, queries)
    for factory in ("IDMap,Flat", "IDMap2,HNSW16", "IVF32,Flat", "IDMap,IVF32,SQ8"):
        compare(work, f"{factory} with ids", build(factory, faiss.METRIC_INNER_PRODUCT, data, ids), queries)
    lists = build("IVF32,Flat", faiss.METRIC_L2, data)
    lists.remove_ids(numpy.arange(100, dtype="int64"))
    compare(work, "IVF32,Flat with rows removed", lists, queries)
    compare(work, "an IVF32,Flat with nothing added to some lists", build("IVF1000,Flat", faiss.METRIC_L2, data), queries)
