"""The four models as PyTorch modules, by the names that a state dict of the runner must load into strictly: those of the
Python door, python/runner_lvm.py."""

import sys

import peer

sys.path.insert(0, str(peer.ROOT / "python"))
import runner_lvm  # noqa: E402


def of_type(kind):
    return lambda **sizes: runner_lvm.build({"model_type": kind, "model_config": sizes})


TYPES = {kind: of_type(kind) for kind in runner_lvm.TYPES}
