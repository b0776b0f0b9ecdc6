"""The tree that scripts/cross_macos.sh has built for a Mac, where one lies below build/: inspected again, by this build's own runner."""
import pathlib
import subprocess
import sys

tree = pathlib.Path("build/cross_macos/tree")
if not tree.is_dir():
    print(f"skipped: no {tree} (scripts/cross_macos.sh builds it)")
    sys.exit(77)
done = subprocess.run(["scripts/cross_macos.sh", "--inspect", tree], capture_output=True, text=True)
print(done.stdout + done.stderr)
sys.exit(77 if done.returncode == 4 else done.returncode)  # 4: LLVM's tools are not here
