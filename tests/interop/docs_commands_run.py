"""Every command block of README.md and docs/ runs as it stands, page by page, on the bundled sample: sh, bash, zsh and fish blocks, and
the commands behind `$` of text blocks. The files, and what an earlier call has left, are those that a reader has; models are small.

A comment above a block says what else holds for it:
  <!-- not run by a test: REASON -->
  <!-- written by a test to FILE, then run: COMMAND -->     where COMMAND's first word is a program that is here
Links between pages, and to their headings, are followed too."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import peer

PAGES = ["README.md", *sorted(str(p.relative_to(peer.ROOT)) for p in (peer.ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"(?:^<!-- (?P<note>.*?) -->\n)?^```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.M | re.S)
SHELLS = {"sh": ["bash", "-eo", "pipefail"], "bash": ["bash", "-e"], "zsh": ["zsh", "-f"], "fish": ["fish", "--no-config"]}
NO_COMMANDS = {"text", "yaml", "python", "mermaid", "json"}  # but for `$ COMMAND` in text; docs_blocks_run.py has the Python
SMALLER = (("d_model: 512", "d_model: 32"), ("heads: 8", "heads: 4"), ("layers: 4", "layers: 1"), ("feedforward: 2048", "feedforward: 64"),
           ("epochs: 12", "epochs: 2"), ("epochs: 16", "epochs: 2"))
CRONTAB = '#!/bin/sh\ncase $1 in -l) cat "$HOME/tab" ;; -) cat >"$HOME/tab.new" && mv "$HOME/tab.new" "$HOME/tab" ;; esac\n'
has_systemd = pathlib.Path("/run/systemd/system").exists() or sys.platform == "darwin"


class World:
    """A folder as a reader has it in front of him, and who he is."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "RUNNER"))}
        self.environment |= {"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "HOME": f"{self.folder}/home", "RUNNER_DEVICE": "cpu",
                             "MANPAGER": "cat", "DVC_NO_ANALYTICS": "1"}

    def copy_to(self, folder):
        shutil.copytree(self.folder, folder, symlinks=True, dirs_exist_ok=True)
        return World(folder)

    def fill(self):
        for name in ("bin", "home", "artifacts", "configs", "build/release", ".venv"):
            (self.folder / name).mkdir(parents=True)
        for name in ("artifacts/sample", "python", "scripts", "schemas"):
            (self.folder / name).symlink_to(peer.ROOT / name)
        for name in ("bin/runner", "build/release/runner"):
            (self.folder / name).symlink_to(pathlib.Path(os.environ["RUNNER"]).resolve())
        for config in (peer.ROOT / "configs").glob("*.yaml"):
            text = config.read_text()
            for large, small in SMALLER:
                text = re.sub(rf"\b{large}\b", small, text)
            (self.folder / "configs" / config.name).write_text(text)
        for name in ("my_vectors.npz", "other_vectors.npz", "vectors.npz", "q.npz"):
            (self.folder / name).symlink_to(peer.SAMPLE)
        (self.folder / "titles.txt").write_text("".join(f"row {row}\n" for row in range(4098)))
        (self.folder / "bin/crontab").write_text(CRONTAB)
        (self.folder / "bin/crontab").chmod(0o755)
        (self.folder / "home/tab").write_text("")
        self.call(["bash", "-ec", "runner train p6b_v23 --epochs 1 && runner train mse_gru --epochs 1 && runner index index_flat_ip\n"
                   "ln -s artifacts/lvm/models/transformer_p6b_v23_* RUN_A; ln -s artifacts/lvm/models/*gru* RUN_B"])

    def call(self, command, may_fail=False):
        done = subprocess.run(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace")
        peer.check(done.returncode == 0 or may_fail, f"exit code {done.returncode}: {command[-1]}\n{done.stdout[-3000:]}")
        return done

    def has(self, program):
        return shutil.which(program, path=self.environment["PATH"]) is not None


def run_block(world, kind, body, note):
    """Runs it; what it did, or why not."""
    if note and note.startswith("not run by a test: "):
        return note.replace(" by a test", "")
    if note:
        file, command = re.fullmatch(r"written by a test to (\S+), then run: (.*)", note).groups()
        if not world.has(command.split()[0]):
            return f"not run: no {command.split()[0]} here"
        (world.folder / file).write_text(body)
        world.call([*SHELLS["sh"], "-c", command])
        return f"ran {command}"
    if kind == "text":
        commands = re.findall(r"^\$ (.*)$", body, re.M)
        for command in commands:  # those of refusals too, which show what is said then
            done = world.call([*SHELLS["sh"], "-c", command], may_fail=True)
            refused = re.search(r"^(runner: |error )", body, re.M)
            peer.check((done.returncode != 0) == bool(refused), f"exit code {done.returncode}: {command}\n{done.stdout[-2000:]}")
        return f"ran {len(commands)} of a session"
    if has_systemd and "schedule" in body:
        return "not run: it would install timers of yours"
    if not world.has(SHELLS[kind][0]) or (" man " in body and not world.has("man")):
        return f"not run: no {SHELLS[kind][0]} or man here"
    world.call([*SHELLS[kind], "-c", body])
    return f"ran {len(body.splitlines())} lines"


def run_page(page, first):
    text = (peer.ROOT / page).read_text()
    outside = BLOCK.sub("", text)
    peer.check("\n```" not in outside, f"{page}: a block is not closed")
    indented = re.search(r"^    (runner|\$|scripts/) ?.*$", outside, re.M)
    peer.check(indented is None, f"{page}: commands stand in ```sh blocks: {indented and indented[0]}")
    blocks = list(BLOCK.finditer(text))
    with_commands = [b for b in blocks if b["kind"] not in NO_COMMANDS or b["note"] or "\n$ " in "\n" + b["body"]]
    if not with_commands:
        return
    with peer.folder() as folder:
        world = first.copy_to(folder)
        for block in with_commands:
            peer.check(block["kind"] in SHELLS or block["kind"] in NO_COMMANDS, f"{page}: a block of '{block['kind']}'")
            line = text[:block.start("body")].count("\n") + 1
            print(f"{page}:{line}: {run_block(world, block['kind'], block['body'], block['note'])}", flush=True)


def anchors(page):
    """Of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", page.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def follow_links(page):
    here = (peer.ROOT / page).parent
    text = BLOCK.sub("", (peer.ROOT / page).read_text())
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (here / path) if path else peer.ROOT / page
        peer.check(file.exists(), f"{page}: links to {target}, which is not there")
        peer.check(not anchor or anchor in anchors(file), f"{page}: {target} has no such heading")


wanted = sys.argv[1:] or PAGES
for page in [*wanted, "CONTRIBUTING.md", "CHANGELOG.md"]:
    follow_links(page)
linked = set(re.findall(r"\(docs/(\w+\.md)", (peer.ROOT / "README.md").read_text()))
with peer.folder() as folder:
    first = World(pathlib.Path(folder) / "world")
    first.fill()
    for page in wanted:
        peer.check(not page.startswith("docs/") or page[5:] in linked, f"README.md does not link {page}")
        run_page(page, first)
