"""Vector files of any number of rows, made of a data file's own rows, all of them over and over. Needs only Python's own
library."""
import ast
import pathlib
import struct
import zipfile

NAMES = ("vectors", "fused", "embeddings", "concept_vecs", "X")  # as the runner looks for them
ITEM_BYTES = {"<f2": 2, "<f4": 4, "<f8": 8}


def read_header(stream):
    """(type, rows, width) of the .npy that the stream is at the start of; leaves it at the first value."""
    version = stream.read(8)[6]
    length = struct.unpack("<H", stream.read(2))[0] if version == 1 else struct.unpack("<I", stream.read(4))[0]
    header = ast.literal_eval(stream.read(length).decode("latin1"))
    if header["descr"] not in ITEM_BYTES or header["fortran_order"] or len(header["shape"]) != 2:
        raise ValueError(f"the vectors must be rows of floats, not {header}")
    return (header["descr"], *header["shape"])


class RowFiles:
    def __init__(self, data, folder):
        self.data, self.folder = str(data), pathlib.Path(folder)
        with self.open() as stream:
            self.kind, self.count, self.width = read_header(stream)
        self.row_bytes = self.width * ITEM_BYTES[self.kind]
        if self.count * self.row_bytes == 0:
            raise ValueError(f"{self.data} has no rows")

    def open(self):
        if self.data.endswith(".npy"):
            return open(self.data, "rb")
        archive = zipfile.ZipFile(self.data)
        names = [name for name in NAMES if f"{name}.npy" in archive.namelist()]
        if not names:
            raise ValueError(f"{self.data} has none of the arrays {', '.join(NAMES)}")
        return archive.open(f"{names[0]}.npy")

    def first(self, rows):
        """A .npy of the first `rows` rows."""
        path = self.folder / f"rows_{rows}.npy"
        if path.exists():
            return path
        header = f"{{'descr': '{self.kind}', 'fortran_order': False, 'shape': ({rows}, {self.width}), }}"
        header += " " * (-(len(header) + 11) % 64) + "\n"
        part = path.with_suffix(".part")
        with open(part, "wb") as out:
            out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode("latin1"))
            for first in range(0, rows, self.count):
                self.copy(min(self.count, rows - first), out)
        return part.rename(path)

    def copy(self, rows, out):
        with self.open() as stream:
            read_header(stream)
            left = rows * self.row_bytes
            while left > 0:
                piece = stream.read(min(left, 1 << 24))
                if not piece:
                    raise ValueError(f"{self.data} ends before its last row")
                out.write(piece)
                left -= len(piece)

    def files(self, rows):
        """Files of `rows` rows together, few of them however small the data are."""
        block = self.count * -(-10_000_000 // (self.count * self.row_bytes))
        whole, rest = divmod(rows, block)
        return [self.first(block)] * whole + ([self.first(rest)] if rest else [])
