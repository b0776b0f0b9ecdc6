"""Every file that goes another way on macOS than on Linux stands in docs/macos.md, with what has checked it; fsync has one caller."""
import pathlib
import re

page = pathlib.Path("docs/macos.md").read_text()
rows = "\n".join(line for line in page.splitlines() if line.startswith("| `"))
listed = set(re.findall(r"`((?:src|jobs|cmake)/[^`]+|process_macos\.cpp)`", rows))
listed = {"src/openmp_scan/loader/" + name if "/" not in name else name for name in listed}

branch = re.compile(r"^\s*#.*\b(__APPLE__|__linux__)\b|^\s*(?:else)?if\(.*\bAPPLE\b", re.MULTILINE)
sources = [path for folder in ("src", "jobs", "cmake") for path in pathlib.Path(folder).rglob("*")
           if path.suffix in (".cpp", ".h", ".cmake", ".txt")]
branching = {str(path) for path in sources if branch.search(path.read_text())}
assert len(branching) > 15, "found too few: is this the project's root?"
branching -= {"cmake/Dependencies.cmake"}  # includes AppleOpenMP.cmake, which is listed

missing = sorted(branching - listed)
assert not missing, f"docs/macos.md has no row for {missing}"
gone = sorted(name for name in listed if not pathlib.Path(name).exists())
assert not gone, f"docs/macos.md names files that are not there: {gone}"
print(f"{len(branching)} files with branches, each listed")

# What is promised to last goes through one function, which knows that fsync is not enough on macOS.
flushing = {str(path) for path in sources if path.suffix == ".cpp" and re.search(r"\bf(data)?sync\(", path.read_text())}
assert flushing == {"src/base/flush.cpp"}, f"fsync is called by {sorted(flushing)}"
