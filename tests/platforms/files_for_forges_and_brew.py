"""The workflow calls scripts and holds no logic; linters that are installed find nothing in it and in the formula."""
import pathlib
import re
import shutil
import subprocess
import sys

try:
    import yaml
except ImportError:
    print("skipped: no python3-yaml")
    sys.exit(77)

workflow = pathlib.Path(".github/workflows/ci.yml")
jobs = yaml.safe_load(workflow.read_text())["jobs"]
assert set(jobs) >= {"debian", "macos", "cross_macos"}, sorted(jobs)
assert jobs["debian"]["strategy"]["matrix"]["release"] == ["12", "13", "testing"]
assert jobs["debian"]["strategy"]["matrix"]["compiler"] == ["g++", "clang++"]
assert jobs["macos"]["strategy"]["matrix"]["machine"] == ["macos-14", "macos-15"]

allowed = re.compile(r"(\.ci/run|scripts/\w+\.sh)( --?\w[\w-]*)*$|apt-get update -qq && apt-get install [^;|]*$|git config [^;&|]*$")
called = []
for name, job in jobs.items():
    for step in job["steps"]:
        command = step.get("run")
        if command is None:
            assert step["uses"].startswith("actions/"), step
            continue
        assert "\n" not in command and allowed.match(command), f"{name}: a step with logic of its own: {command}"
        script = command.split()[0]
        if script.startswith((".ci/", "scripts/")):
            called.append(script)
            assert pathlib.Path(script).stat().st_mode & 0o111, f"{script} is not executable"
assert {".ci/run", "scripts/build.sh", "scripts/first_mac.sh", "scripts/cross_macos.sh"} <= set(called), called

linters = {"actionlint": [workflow], "check-jsonschema": ["--builtin-schema", "vendor.github-workflows", workflow],
           "ruby": ["-c", "packaging/homebrew/runner.rb"]}
for linter, words in linters.items():
    local = pathlib.Path(".venv/bin") / linter
    program = local if local.exists() else shutil.which(linter)
    if program is None:
        print(f"{linter}: not here, not asked")
        continue
    subprocess.run([program, *words], check=True)
    print(f"{linter}: nothing found")

formula = pathlib.Path("packaging/homebrew/runner.rb").read_text()
brewfile = pathlib.Path("Brewfile").read_text()
for name in re.findall(r'depends_on "([^"]+)"', formula):
    assert name == "fmt" or f'"{name}"' in brewfile, f"the formula depends on {name}, the Brewfile does not bring it"
