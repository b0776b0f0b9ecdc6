#!/usr/bin/env python3
"""Looks over a tree that scripts/cross_macos.sh has built for a Mac; nothing of it is run. It prints a line a file and a line a worker, then
what is wrong, and ends with 1 when anything is.

dyld's rules are followed twice, independently: by `runner doctor`, and here from what llvm-otool and llvm-nm print.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

MINIMUM = "14.0"
WHEELS_OWN = {"libtorch.dylib", "libtorch_cpu.dylib", "libc10.dylib", "libomp.dylib"}
KEPT_FROM_LAUNCHER = re.compile(r"libtorch|libc10|libfaiss|libomp|libgomp|Accelerate")
# Calls of Linux alone that a branch of the sources avoids on a Mac, and calls of a Mac's branches that must be there.
OF_LINUX = {"memfd_create", "pipe2", "prctl", "process_vm_readv", "ptrace", "sched_getaffinity", "sched_setaffinity", "signalfd", "syscall",
            "__errno_location", "__register_atfork", "malloc_usable_size", "personality", "posix_fallocate"}
OF_MACOS = {"_NSGetExecutablePath", "_dyld_get_image_name", "_dyld_image_count", "sysctlbyname", "pthread_setname_np"}


def output(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


class Tools:
    def __init__(self, given):
        self.otool, self.nm, self.install_name_tool, self.runner = given.otool, given.nm, given.install_name_tool, given.runner


class File:
    """A Mach-O file as the tools print it."""

    def __init__(self, path, tools):
        self.path = path
        lines = output(tools.otool, "-L", path).splitlines()[1:]
        loads = [re.match(r"\s+(\S+) \(", line)[1] for line in lines]
        self.name = (output(tools.otool, "-D", path).splitlines() + [""])[1]  # a program has none
        self.loads = [load for load in loads if load != self.name]
        commands = output(tools.otool, "-l", path)
        self.run_paths = re.findall(r"cmd LC_RPATH\n.*\n\s+path (.*) \(offset", commands)
        self.minimum = re.search(r"minos (\S+)", commands)[1]
        self.signed = "LC_CODE_SIGNATURE" in commands
        # (symbol, library by its leaf name without .dylib, as nm prints it)
        self.taken = re.findall(r"\(undefined\) .*?external (\S+) \((?:from )?(.*?)\)$", output(tools.nm, "-m", "-u", path), re.MULTILINE)
        self.given = set(re.findall(r"(\S+)$", output(tools.nm, "-g", "-U", path), re.MULTILINE))


def is_macho(path):
    return path.is_file() and not path.is_symlink() and path.open("rb").read(4) == b"\xcf\xfa\xed\xfe"


def read_stubs(folders):
    """Install name → symbols, of every library of the system that has a stub."""
    stubs = {}
    for path in (path for folder in folders for path in folder.rglob("*.tbd")):
        text = path.read_text()
        name = re.search(r"install-name:\s*'?([^'\n]+)", text)[1]
        symbols = set()
        for listed in re.findall(r"symbols:\s*\[(.*?)\]", text, re.DOTALL):
            symbols |= {symbol.strip("' \n") for symbol in listed.split(",")}
        stubs[name] = symbols
    return stubs


def system_library(name):
    return name.startswith(("/usr/lib/", "/System/Library/"))


class Inspection:
    def __init__(self, tree, tools, stubs):
        self.tree, self.tools, self.stubs = tree, tools, stubs
        self.findings = []
        self.resolved = collections.Counter()  # who gives it → symbols that files take, each file's counted
        paths = [path for path in sorted(tree.rglob("*")) if is_macho(path)]
        self.files = {path: File(path, tools) for path in paths}

    def found(self, file, what):
        self.findings.append(f"{file.path.relative_to(self.tree)}: {what}")

    def resolve(self, file, name, askers):
        """The file that dyld would load: run paths are those of the file and of who asked for it."""
        if name.startswith("@loader_path/"):
            candidates = [file.path.parent / name[13:]]
        elif name.startswith("@rpath/"):
            candidates = [asker.path.parent / folder.replace("@loader_path", ".").lstrip("/") / name[7:]
                          for asker in [file, *askers] for folder in asker.run_paths if folder.startswith("@loader_path")]
        else:
            candidates = []
        for candidate in candidates:
            if candidate.exists():
                return self.files.get(candidate.resolve())
        return None

    def closure(self, file, askers=()):
        """Names of the system's libraries, and files, that come with a file."""
        names, files = set(), {file}
        for load in file.loads:
            if system_library(load):
                names.add(load)
                continue
            other = self.resolve(file, load, askers)
            if other is not None and other not in files:
                more_names, more_files = self.closure(other, [file, *askers])
                names |= more_names
                files |= more_files
        return names, files

    def look_at(self, file):
        providers = {}
        for load in file.loads:
            leaf = load.rsplit("/", 1)[-1]
            if load in self.stubs:
                providers[leaf] = self.stubs[load]
            elif system_library(load):
                self.found(file, f"loads {load}, of which nothing is known here")
            else:
                other = self.resolve(file, load, [])
                if other is None:
                    self.found(file, f"loads {load}, which is neither in the tree nor the system's")
                else:
                    providers[leaf] = other.given
        for folder in file.run_paths:
            if not folder.startswith("@loader_path"):
                self.found(file, f"run path {folder} does not start at @loader_path")
        if file.minimum != MINIMUM:
            self.found(file, f"is for macOS {file.minimum}, not {MINIMUM}")
        if not file.signed:
            self.found(file, "has no signature: a Mac would kill it")
        for symbol, library in file.taken:
            known = [leaf for leaf in providers if leaf == library or leaf.startswith(library + ".")]
            if any(symbol in providers[leaf] for leaf in known):
                self.resolved[known[0]] += 1
            else:
                self.found(file, f"{symbol} is expected from {library}, which has no such symbol")
        linux = sorted(OF_LINUX & {symbol[1:] for symbol, _ in file.taken})
        if linux:
            self.found(file, f"calls what only Linux has: {', '.join(linux)}")

    def look_at_all(self):
        own = [file for path, file in self.files.items() if path.name not in WHEELS_OWN]
        for file in own:
            self.look_at(file)
            print(f"  {file.path.relative_to(self.tree)!s:44} loads {len(file.loads):2}  takes {len(file.taken):4}  "
                  f"run paths {' '.join(file.run_paths) or 'none'}  macOS {file.minimum}")
        print("symbols that they take: " + ", ".join(f"{count} of {leaf}" for leaf, count in self.resolved.most_common()))
        taken = {symbol[1:] for file in own for symbol, _ in file.taken}
        for symbol in sorted(OF_MACOS - taken):
            self.findings.append(f"nothing calls {symbol}: a branch for macOS was not compiled")
        launcher = self.files.get((self.tree / "bin/runner").resolve())
        if launcher is None:
            self.findings.append("bin/runner: is not there")
            return
        names, files = self.closure(launcher)
        for name in sorted(names | {str(file.path) for file in files}):
            if KEPT_FROM_LAUNCHER.search(name):
                self.found(launcher, f"comes with {name}")

    def doctor(self, tree, runtimes, isolate):
        """runtimes: how many OpenMP runtimes each plug-in is to hold, by its last name."""
        report = json.loads(output(self.tools.runner, "doctor", "--tree", tree, "--json", "--no-cache"))
        self.findings += [f"doctor: {problem}" for problem in report["warnings"]]
        seen = set()
        for worker in report["sets"]:
            name = pathlib.Path(worker["members"][0]).stem.removeprefix("librunner_")
            seen.add(name)
            held = worker["runtimes"]
            print(f"  {name:6} {worker['verdict']:10} {', '.join(str(runtime['path']).removeprefix(str(tree) + '/') for runtime in held)}")
            self.findings += [f"doctor: {name}: {problem}" for problem in worker["warnings"]]
            expected = "one" if runtimes[name] == 1 else "duplicate"
            if len(held) != runtimes[name] or worker["verdict"] != expected:
                self.findings.append(f"doctor: {name} holds {len(held)} OpenMP runtimes ({worker['verdict']}), expected {runtimes[name]} ({expected})")
        if seen != set(runtimes):
            self.findings.append(f"doctor: saw the plug-ins {sorted(seen)}, expected {sorted(runtimes)}")
        launcher = json.loads(output(self.tools.runner, "doctor", tree / "bin/runner", "--json", "--no-cache"))
        print(f"  runner {launcher['verdict']}\n  environment.openmp: isolate → {report['isolate']}")
        if launcher["verdict"] != "none":
            self.findings.append(f"doctor: the launcher's verdict is {launcher['verdict']}, expected none")
        if report["isolate"] != isolate:
            self.findings.append(f"doctor: isolate would {report['isolate']}, expected {isolate}")

    def second_runtime(self):
        """The same tree, with FAISS on a libomp of its own, as with Homebrew's faiss beside PyTorch's wheel."""
        with tempfile.TemporaryDirectory(dir=self.tree.parent) as folder:
            other = pathlib.Path(folder).resolve() / "tree"
            shutil.copytree(self.tree, other, symlinks=True, ignore=shutil.ignore_patterns("tests", "share"), copy_function=os.link)
            keg = other / "lib/keg"
            keg.mkdir()
            shutil.copy(self.tree / "lib/runner/libomp.dylib", keg)
            for file in (other / "lib/runner" / f"{name}.dylib" for name in ("libfaiss", "librunner_index", "librunner_smoke")):
                if not file.exists():
                    continue  # found missing already
                file.unlink()
                shutil.copy(self.tree / "lib/runner" / file.name, file)
                output(self.tools.install_name_tool, "-change", "@rpath/libomp.dylib", "@loader_path/../keg/libomp.dylib", file)
            self.doctor(other, {"train": 1, "index": 1, "smoke": 2}, "separate")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tree", type=pathlib.Path)
    parser.add_argument("--stubs", type=pathlib.Path, action="append", required=True, help="folder of .tbd files")
    for name in ("runner", "otool", "nm", "install-name-tool"):
        parser.add_argument("--" + name, required=True)
    given = parser.parse_args()
    tree = given.tree.resolve()
    inspection = Inspection(tree, Tools(given), read_stubs(given.stubs))
    print("files:")
    inspection.look_at_all()
    print("workers:")
    inspection.doctor(tree, {"train": 1, "index": 1, "smoke": 1}, "run")
    print("workers, where FAISS has a libomp of its own:")
    inspection.second_runtime()
    for finding in inspection.findings:
        print(f"found: {finding}")
    print(f"inspected {len(inspection.files)} files for macOS: {len(inspection.findings)} findings")
    return 1 if inspection.findings else 0


raise SystemExit(main())
