"""The schemas that editors use, judged by check-jsonschema: right configurations pass, wrong ones do not, and the runner agrees."""

import os
import subprocess
import sys

import peer

peer.need("check_jsonschema")

TRAIN = f"job: train\ndata: {{vectors: {peer.SAMPLE}}}\n"
INDEX = f"job: index\ninput: {{vectors: {peer.SAMPLE}}}\n"
EVAL = f"job: eval\nmodel: {peer.SAMPLE}\narticles: {peer.SAMPLE}\nval: {{vectors: {peer.SAMPLE}}}\n"

RIGHT = {
    "plain": TRAIN,
    "variables": TRAIN + 'train: {epochs: "${RUNNER_TEST_EPOCHS}"}\nmodel: {type: "${RUNNER_TEST_MODEL}"}\n',
    "several files": f"job: train\ndata: {{vectors: [{peer.SAMPLE}, {peer.SAMPLE}]}}\n",
    "a device with a number": TRAIN + "device: cuda:1\n",
    "threads as a number": TRAIN + "environment: {threads: 2}\n",
    "null where it is a value": TRAIN + "gates: {step: {min_cosine: null}}\n",
    "an empty group": TRAIN + "train:\n",
    "truth in other words": TRAIN + "device_fallback: yes\n",
    "a name of digits": TRAIN + "name: 2024\n",
    "nprobe beside lists": INDEX + "index: {factory: 'IVF16,Flat', nprobe: 4}\n",
    "nprobe null beside Flat": INDEX + "index: {nprobe: null}\n",
    "search in place of nprobe": INDEX + "index: {factory: 'IVF16,Flat', nprobe: null, search: auto}\nverify: {min_recall: 0.9}\n",
    "search as a number": INDEX + "index: {factory: HNSW32, search: 64}\n",
    "evaluation": EVAL,
    "phases": TRAIN + "loss: {recipe: p6b_v23, phases: [{rho: 0.1, rho_cap: 0.3, margin_gap: 0.02, margin_ratio: 0.05}]}\n",
}
WRONG = {
    "unknown key": TRAIN + "train: {batch_sise: 8}\n",
    "unknown group": TRAIN + "trian: {epochs: 8}\n",
    "a text for a number": TRAIN + "train: {epochs: many}\n",
    "a fraction for an integer": TRAIN + "train: {epochs: 2.5}\n",
    "out of range": TRAIN + "train: {batch_size: 0}\n",
    "not above": TRAIN + "optimizer: {lr: 0}\n",
    "unknown word": TRAIN + "model: {type: transfomer}\n",
    "unknown device": TRAIN + "device: gpu\n",
    "no data": "job: train\n",
    "both kinds of data": f"job: train\ndata: {{vectors: {peer.SAMPLE}, sequences: {peer.SAMPLE}}}\n",
    "required key missing": "job: index\ninput: {normalize: true}\n",
    "required group missing": "job: index\n",
    "nprobe beside Flat": INDEX + "index: {nprobe: 4}\n",
    "recall beside Flat by name": INDEX + "index: {factory: Flat}\nverify: {min_recall: 0.9}\n",
    "search beside nprobe": INDEX + "index: {factory: 'IVF16,Flat', nprobe: 4, search: 8}\n",
    "search beside Flat": INDEX + "index: {search: 8}\n",
    "search in other words": INDEX + "index: {factory: HNSW32, search: most}\n",
    "another job's key": INDEX + "train: {epochs: 3}\n",
    "a list for a group": TRAIN + "train: [1, 2]\n",
    "nothing to evaluate": f"job: eval\nmodel: {peer.SAMPLE}\narticles: {peer.SAMPLE}\n",
    "windows and vectors": EVAL.replace("val: {", f"val: {{sequences: {peer.SAMPLE}, "),
    "item of a list": TRAIN + "loss: {recipe: p6b_v23, phases: [{roh: 0.1}]}\n",
}
os.environ.update(RUNNER_TEST_EPOCHS="3", RUNNER_TEST_MODEL="gru")


def says_schema(files):
    """Exit code and words of check-jsonschema; all files are of one job."""
    job = next(line for line in open(files[0]) if line.startswith("job: ")).split()[1]
    schema = peer.ROOT / "schemas" / f"{job}.schema.json"
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", schema, *files]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def says_runner(file):
    command = [os.environ["RUNNER"], "config", "check", str(file)]
    done = subprocess.run(command, cwd=peer.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def shipped_pass():
    by_job = {}
    for file in sorted((peer.ROOT / "configs").glob("*.yaml")):
        text = file.read_text()
        job = next(line for line in text.splitlines() if line.startswith("job: ")).split()[1]
        peer.check(f"# yaml-language-server: $schema=../schemas/{job}.schema.json\n" in text, f"{file} names no schema")
        by_job.setdefault(job, []).append(file)
    peer.check(len(by_job) >= 4, f"only {list(by_job)} in configs/")
    for files in by_job.values():
        code, words = says_schema(files)
        peer.check(code == 0, words)


shipped_pass()
with peer.folder() as folder:
    file = os.path.join(folder, "x.yaml")
    for right, texts in ((True, RIGHT), (False, WRONG)):
        for name, text in texts.items():
            with open(file, "w") as out:
                out.write(text)
            for who, (code, words) in (("check-jsonschema", says_schema([file])), ("the runner", says_runner(file))):
                peer.check((code == 0) == right, f"{name}: {who} says {code}\n{text}{words}")
print(f"{len(RIGHT)} right and {len(WRONG)} wrong configurations are told apart")
