#!/usr/bin/env python3
"""Text stubs (.tbd) of the libraries that a Mac's system brings, for a linker on another system.

    stubs.py FOLDER --wheel DIR --llvm DIR --zlib DIR --nm PROGRAM

What each holds comes from who knows it: libc++ from LLVM 16's own list for Apple's arm64, which is macOS 14's; libz from zlib.h; Accelerate from
what PyTorch's wheel takes out of it, and from LAPACK_BESIDES. libomp is no library of the system: its stub has the
symbols of the wheel's copy under a name that run paths find (the wheel's own name is a path of the machine that built it).
"""
import argparse
import ast
import pathlib
import re
import shutil
import subprocess

# Of LAPACK 3.2, which Accelerate has held since macOS 10.6: FAISS calls them, libtorch does not. cheev_ is what CMake asks for.
LAPACK_BESIDES = {"cheev_", "dgetri_", "dgesvd_", "dsyev_", "sgesvd_", "sgetri_", "ssyev_", "ssyrk_"}

ACCELERATE = "/System/Library/Frameworks/Accelerate.framework/Versions/A/Accelerate"


def write_stub(path, install_name, symbols):
    """symbols: as the linker knows them, with their underscore."""
    assert len(symbols) > 20, f"{path}: only {len(symbols)} symbols were found for it"
    path.parent.mkdir(parents=True, exist_ok=True)
    names = ", ".join(f"'{name}'" for name in sorted(symbols))
    path.write_text(f"--- !tapi-tbd\ntbd-version: 4\ntargets: [ arm64-macos ]\ninstall-name: '{install_name}'\n"
                    f"exports:\n  - targets: [ arm64-macos ]\n    symbols: [ {names} ]\n...\n")


def libcxx(llvm):
    listed = next((llvm / "libcxx/lib/abi").glob("arm64-apple-darwin.*.abilist"))
    symbols = {ast.literal_eval(line)["name"] for line in listed.read_text().splitlines()}
    for part in ("itanium-base", "exceptions", "new-delete", "personality-v0"):
        text = (llvm / f"libcxxabi/lib/{part}.exp").read_text()
        symbols |= set(re.findall(r"^[^#\s]+", text, re.MULTILINE))
    return symbols


def libz(zlib):
    names = re.findall(r"ZEXPORTV?A?\s+(\w+)\s+OF", (zlib / "zlib.h").read_text())
    return {"_" + name for name in names if not name.endswith("64")}  # those are Linux's, for large files


def symbols_of(nm, arguments, pattern):
    listing = subprocess.run([nm, *arguments], check=True, capture_output=True, text=True).stdout
    return set(re.findall(pattern, listing, re.MULTILINE))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    for name in ("wheel", "llvm", "zlib"):
        parser.add_argument("--" + name, type=pathlib.Path, required=True)
    parser.add_argument("--nm", required=True)
    given = parser.parse_args()
    libraries = given.wheel / "torch/lib"
    # Its name is not libc++: that would be zig's own, which is linked in and would be a second one in the process.
    write_stub(given.folder / "libsystem_cxx.tbd", "/usr/lib/libc++.1.dylib", libcxx(given.llvm))
    write_stub(given.folder / "libz.tbd", "/usr/lib/libz.1.dylib", libz(given.zlib))
    taken = symbols_of(given.nm, ["-m", "-u", libraries / "libtorch_cpu.dylib"], r"external (\w+) \(from Accelerate\)")
    write_stub(given.folder / "Accelerate.framework/Accelerate.tbd", ACCELERATE,
               taken | {"_" + name for name in LAPACK_BESIDES})
    runtime = symbols_of(given.nm, ["-g", "-U", libraries / "libomp.dylib"], r"(\S+)$")
    write_stub(given.folder / "libomp/lib/libomp.tbd", "@rpath/libomp.dylib", runtime)
    include = given.folder / "libomp/include"
    include.mkdir(parents=True, exist_ok=True)
    shutil.copy2(given.wheel / "torch/include/omp.h", include)  # with its time: nothing is compiled again for it


main()
