"""The jobs that faults are injected into: what stands before, the command, what goes on after it, and what must open."""
from dataclasses import dataclass, field


@dataclass
class Job:
    command: list
    before: list = field(default_factory=list)  # commands that make what stands there already
    after: list = None  # the next run; the command again where nothing is named
    opens: list = field(default_factory=list)  # artifacts of earlier runs: they open whatever happens
    makes: list = field(default_factory=list)  # artifacts that must open after exit code 0 too

    def next_command(self):
        return self.after or self.command


TRAIN = """job: train
data: {vectors: rows.npz}
model: {type: gru, d_model: 16, layers: 1}
loss: {recipe: mse}
train: {epochs: 2, batch_size: 256, log_every: 2}
checkpoint: {every_steps: 4, keep: 2}
device: cpu
precision: fp32
output: run
"""
FILES = {
    "train.yaml": TRAIN,
    "index.yaml": "job: index\ninput: {vectors: rows.npz}\noutput: a.index\nverify: {queries: 20}\n",
    "windows.yaml": "job: sequences\ninput: {vectors: rows.npz}\noutput: w.npz\n",
    "eval.yaml": "job: eval\nmodel: run\narticles: rows.npz\nval: {vectors: rows.npz}\nsamples: 20\noutput: eval.json\ndevice: cpu\n",
    "pipe.yaml": "job: pipeline\nsteps:\n  - name: windows\n    config: windows.yaml\n  - name: index\n    config: index.yaml\n",
    "bin/crontab": "#!/bin/sh\ncase $1 in\n-l) cat \"$HOME/tab\" 2>/dev/null || { echo no crontab for you >&2; exit 1; } ;;\n"
                   "-) cat > \"$HOME/tab\" ;;\n*) rm -f \"$HOME/tab\" ;;\nesac\n",
}

_trained = ["train", "train.yaml", "--quiet"]
_index = ["index", "index.yaml", "--quiet"]
_model = ["run/model.safetensors", "run/best_model.pt", "run/final_model.pt", "run/training_history.json", "run/manifest.json"]
_predict = ["predict", "run", "--npz", "rows.npz", "--index", "a.index", "--output", "p.npz", "--quiet"]
_search = ["search", "a.index", "--queries", "rows.npz", "--output", "n.npz", "--quiet"]

JOBS = {
    "train": Job(_trained, after=_trained + ["--resume"], makes=_model),
    "resume": Job(_trained + ["--resume", "--allow-changed"], before=[_trained + ["--epochs", "1"]], opens=_model, makes=_model),
    "eval": Job(["eval", "eval.yaml", "--quiet"], before=[_trained, ["eval", "eval.yaml", "--quiet"]],
                opens=_model + ["eval.json"], makes=["eval.json"]),
    "index": Job(_index + ["--force"], before=[_index], opens=["a.index"], makes=["a.index"]),
    "search": Job(_search, before=[_index, _search], opens=["a.index", "n.npz"], makes=["n.npz"]),
    "sequences": Job(["sequences", "windows.yaml", "--quiet"], before=[["sequences", "windows.yaml", "--quiet"]],
                     opens=["w.npz"], makes=["w.npz"]),
    "predict": Job(_predict, before=[_trained, _index, _predict], opens=_model + ["a.index", "p.npz"], makes=["p.npz"]),
    "pipeline": Job(["run", "pipe.yaml", "--force"], before=[["run", "pipe.yaml"]], after=["run", "pipe.yaml"],
                    opens=["w.npz", "a.index", "pipe.lock.json"], makes=["w.npz", "a.index", "pipe.lock.json"]),
    "schedule": Job(["schedule", "start", "windows.yaml"],
                    before=[["schedule", "install", "windows.yaml", "--at", "hourly", "--with", "cron"],
                            ["schedule", "start", "windows.yaml"]],
                    opens=["w.npz"], makes=["w.npz"]),
}
