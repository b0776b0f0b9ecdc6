"""scripts/cross_macos.sh without its build: wrong arguments, what it cannot have, and its inspection of a Mac's tree that is made up here, as
it should be and with each fault in turn."""
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

SCRIPT = "scripts/cross_macos.sh"
SYSTEM, CXX = "/usr/lib/libSystem.B.dylib", "/usr/lib/libc++.1.dylib"
MAC_CALLS = ["_NSGetExecutablePath", "_dyld_get_image_name", "_dyld_image_count", "sysctlbyname", "pthread_setname_np"]
LLVM_RUNTIME = ["__kmpc_fork_call", "__kmpc_barrier", "GOMP_parallel", "omp_get_num_threads", "omp_set_num_threads"]
PROGRAM, LIBRARY = 2, 6


def macho(kind=LIBRARY, name=None, loads=(), takes=(), gives=(), run_paths=("@loader_path",), minimum=14, signed=True):
    """A Mach-O file for arm64 of load commands and symbols. takes: symbol → the number of the load that it is from, from 1."""
    def named(number, fields, text):
        text = text.encode() + b"\0" * (8 - len(text) % 8)
        padding = b"\0" * (-(8 + len(fields)) % 8)
        return struct.pack("<II", number, 8 + len(fields) + len(text) + len(padding)) + fields + text + padding

    library = struct.pack("<IIII", 24, 0, 0, 0)
    commands = [named(0xd, library, name)] if name else []
    commands += [named(0xc, library, load) for load in loads]
    commands += [named(0x8000001c, struct.pack("<I", 12), path) for path in run_paths]
    commands.append(struct.pack("<IIIIII", 0x32, 24, 1, minimum << 16, minimum << 16, 0))
    strings, symbols = b"\0", b""
    for symbol, form in [(symbol, (0xf, 1, 0)) for symbol in gives] + [(symbol, (1, 0, load << 8)) for symbol, load in dict(takes).items()]:
        symbols += struct.pack("<IBBHQ", len(strings), *form, 0)
        strings += b"_" + symbol.encode() + b"\0"
    signature = b"\0" * 16 if signed else b""
    strings += b"\0" * (-len(strings) % 16)
    tables = symbols + strings + signature
    at = 32 + 152 + 72 + sum(map(len, commands)) + 24 + len(signature)  # signature: as long as its command
    text = struct.pack("<II16sQQQQiiII", 0x19, 152, b"__TEXT", 0, 0x4000, 0, at, 5, 5, 1, 0)
    text += struct.pack("<16s16sQQIIIIIIII", b"__text", b"__TEXT", 0, 0, at, 0, 0, 0, 0, 0, 0, 0)
    link = struct.pack("<II16sQQQQiiII", 0x19, 72, b"__LINKEDIT", 0x4000, 0x4000, at, len(tables), 1, 1, 0, 0)
    commands = [text, link, *commands, struct.pack("<IIIIII", 2, 24, at, len(symbols) // 16, at + len(symbols), len(strings))]
    if signed:
        commands.append(struct.pack("<IIII", 0x1d, 16, at + len(symbols) + len(strings), 16))
    header = struct.pack("<IIIIIIII", 0xfeedfacf, 0x0100000c, 0, kind, len(commands), at - 32, 0x80, 0)
    assert len(header) + sum(map(len, commands)) == at
    return header + b"".join(commands) + tables


def good_tree():
    """File below the tree → what macho() makes it of."""
    def library(leaf, loads=(), **more):
        return {"name": f"@rpath/{leaf}.dylib", "loads": [*loads, SYSTEM], "gives": [leaf], **more}

    core, torch, faiss, omp = (f"@rpath/lib{name}.dylib" for name in ("runner_core", "torch_cpu", "faiss", "omp"))
    return {
        "bin/runner": {"kind": PROGRAM, "loads": [core, SYSTEM], "takes": {"librunner_core": 1}, "run_paths": ["@loader_path/../lib/runner"]},
        "lib/runner/librunner_core.dylib": library("librunner_core", [CXX], takes={**{call: 2 for call in MAC_CALLS}, "_ZdlPv": 1}),
        "lib/runner/libfaiss.dylib": library("libfaiss", [omp], takes={"__kmpc_fork_call": 1}),
        "lib/runner/librunner_train.dylib": library("librunner_train", [core, torch], takes={"librunner_core": 1, "libtorch_cpu": 2}),
        "lib/runner/librunner_index.dylib": library("librunner_index", [core, faiss, omp], takes={"libfaiss": 2, "__kmpc_barrier": 3}),
        "lib/runner/librunner_smoke.dylib": library("librunner_smoke", [core, torch, faiss, omp], takes={"__kmpc_barrier": 4}),
        "lib/runner/libtorch_cpu.dylib": library("libtorch_cpu", ["@loader_path/libomp.dylib", "/System/Library/Frameworks/Metal"]),
        "lib/runner/libomp.dylib": {"name": "/opt/llvm-openmp/lib/libomp.dylib", "loads": [SYSTEM], "gives": LLVM_RUNTIME},
    }


def write_stub(path, name, symbols):
    path.parent.mkdir(parents=True, exist_ok=True)
    listed = ", ".join(f"'_{symbol}'" for symbol in symbols)
    path.write_text(f"--- !tapi-tbd\ninstall-name: '{name}'\nexports:\n  - targets: [ arm64-macos ]\n    symbols: [ {listed} ]\n...\n")


def run(*arguments, **environment):
    return subprocess.run([SCRIPT, *map(str, arguments)], capture_output=True, text=True, env={**os.environ, **environment})


def inspect(folder, tree):
    shutil.rmtree(folder / "tree", ignore_errors=True)
    for name, parts in tree.items():
        path = folder / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(macho(**parts))
    return run("--inspect", folder / "tree", "--folder", folder)


def expect(done, code, *words):
    text = done.stdout + done.stderr
    assert done.returncode == code and all(word in text for word in words), f"expected exit code {code} and {words}:\n{done.returncode}\n{text}"


def changed(name, **parts):
    tree = good_tree()
    tree[f"lib/runner/{name}.dylib" if name != "runner" else "bin/runner"].update(parts)
    return tree


def arguments_and_skips(folder):
    expect(run("--help"), 0, "scripts/cross_macos.sh [--without-tests]")
    expect(run("--everything"), 2, "unknown argument --everything")
    expect(run("--inspect"), 2, "--inspect needs a value")
    expect(run("--inspect", folder / "nothing"), 2, "no such folder")
    no_pip = folder / "no_pip/python3"
    no_pip.parent.mkdir()
    no_pip.write_text("#!/bin/sh\nexit 1\n")
    no_pip.chmod(0o755)
    for tool in ("dpkg-source", "llvm-otool", "llvm-nm", "llvm-install-name-tool"):  # that not every machine has
        stand_in = no_pip.with_name(tool)
        stand_in.write_text("#!/bin/sh\nexit 0\n")
        stand_in.chmod(0o755)
    path = f"{no_pip.parent}:{os.environ['PATH']}"
    expect(run("--folder", folder / "out", PATH=path), 4, "skipped: this python3 has no pip")
    no_pip.write_text("#!/bin/sh\n[ \"$3\" != download ]\n")  # no registry within reach
    expect(run("--folder", folder / "out", PATH=path), 4, "skipped: pip could not download ziglang")


def faults(folder):
    core, omp, torch = "librunner_core", "librunner_index", "librunner_train"
    loads = good_tree()[f"lib/runner/{torch}.dylib"]["loads"]
    calls = good_tree()[f"lib/runner/{core}.dylib"]["takes"]
    without_faiss = good_tree()
    del without_faiss["lib/runner/libfaiss.dylib"]
    without_index = good_tree()
    del without_index["lib/runner/librunner_index.dylib"]
    own_runtime = changed(torch, loads=[*loads, "@loader_path/../own/libomp.dylib"])
    own_runtime["lib/own/libomp.dylib"] = good_tree()["lib/runner/libomp.dylib"]
    planted = {
        "run path /opt/lib does not start at @loader_path": changed(core, run_paths=["/opt/lib"]),
        "run path $ORIGIN does not": changed(torch, run_paths=["@loader_path", "$ORIGIN"]),
        "is for macOS 15.0, not 14.0": changed(core, minimum=15),
        "has no signature": changed(omp, signed=False),
        "loads @rpath/libfaiss.dylib, which is neither in the tree": without_faiss,
        "loads /opt/homebrew/lib/libfmt.dylib, which is neither": changed(torch, loads=[*loads, "/opt/homebrew/lib/libfmt.dylib"]),
        "loads /usr/lib/libfoo.dylib, of which nothing is known": changed(torch, loads=[*loads, "/usr/lib/libfoo.dylib"]),
        "_to_chars is expected from libc++, which has no such symbol": changed(core, takes={**calls, "to_chars": 1}),
        "_gone is expected from librunner_core, which has no": changed(torch, takes={"gone": 1}),
        "calls what only Linux has: memfd_create": changed(core, takes={**calls, "memfd_create": 2}),
        "nothing calls sysctlbyname": changed(core, takes={call: 2 for call in MAC_CALLS if call != "sysctlbyname"}),
        "bin/runner: comes with": changed("runner", loads=["@rpath/librunner_core.dylib", "@rpath/libomp.dylib", SYSTEM]),
        "train holds 2 OpenMP runtimes (duplicate), expected 1": own_runtime,
        "librunner_index: this plug-in is not there": without_index,
    }
    for words, tree in planted.items():
        expect(inspect(folder, tree), 1, words)
    return len(planted)


def main():
    tools = [shutil.which("llvm-otool"), *pathlib.Path("/usr/lib").glob("llvm-*/bin/llvm-otool")]
    if not any(tools):
        print("skipped: no llvm-otool (apt-get install llvm)")
        return 77
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name).resolve()
        arguments_and_skips(folder)
        write_stub(folder / "zig/ziglang/lib/libc/darwin/libSystem.tbd", SYSTEM, [*MAC_CALLS, "memfd_create"])
        write_stub(folder / "stubs/libsystem_cxx.tbd", CXX, ["_ZdlPv"])
        expect(inspect(folder, good_tree()), 0, "one        lib/runner/libomp.dylib", "duplicate  lib/keg/libomp.dylib, lib/runner/libomp.dylib",
               "isolate → separate", "inspected 8 files for macOS: 0 findings")
        print(f"a good tree passes, {faults(folder)} planted faults are found")
    return 0


sys.exit(main())
