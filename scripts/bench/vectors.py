"""The vectors of a data file, for the peers."""
import numpy as np

from row_files import NAMES


def load(path):
    """float32 rows of a .npy, or of the first array of an .npz that the runner would take."""
    data = np.load(path)
    if hasattr(data, "files"):
        data = data[next(name for name in NAMES if name in data.files)]
    return data.astype(np.float32)


def unit_rows(path):
    vectors = load(path)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def queries(vectors, n):
    """The first n rows, over and over, as the runner's side has them."""
    return np.ascontiguousarray(vectors[np.arange(n) % len(vectors)])
