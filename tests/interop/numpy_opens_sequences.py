"""NumPy opens the windows without allow_pickle, and they are the rows that they should be."""

import pathlib

import peer

numpy = peer.need("numpy")
CONTEXT = 5


def check_windows(work, offset, *flags):
    output = pathlib.Path(work) / f"windows_{offset}_{len(flags)}.npz"
    peer.runner("sequences", "configs/sequences_ctx5.yaml", "--npz", peer.SAMPLE, "--output", output,
                "--context-size", CONTEXT, "--set", f"target_offset={offset}", *flags)
    source = numpy.load(peer.SAMPLE)
    written = numpy.load(output, allow_pickle=False)
    starts = numpy.array(peer.windows(source["article_indices"], CONTEXT, offset))
    targets = starts + CONTEXT - 1 + offset
    vectors = source["vectors"].astype("float32")
    peer.check(written["context_sequences"].shape == (len(starts), CONTEXT, 768), f"shape {written['context_sequences'].shape}")
    peer.check(numpy.array_equal(written["context_sequences"], vectors[starts[:, None] + numpy.arange(CONTEXT)]), "contexts differ")
    peer.check(numpy.array_equal(written["target_vectors"], vectors[targets]), "targets differ")
    peer.check(numpy.array_equal(written["article_ids"], source["article_indices"][targets]), "article_ids differ")
    peer.check(numpy.array_equal(written["target_indices"], source["chunk_indices"][targets]), "target_indices differ")
    print(f"offset {offset}: {len(starts)} windows {' '.join(flags)}")


with peer.folder() as work:
    check_windows(work, 1)
    check_windows(work, 2)
    check_windows(work, 2, "--set", "compress=true")
