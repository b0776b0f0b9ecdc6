#!/usr/bin/env bash
# Makes .venv with today's PyPI wheels (PyTorch for CPU, faiss-cpu, NumPy, safetensors, TensorBoard, check-jsonschema), so that tests/interop asks the
# newest peers instead of Debian's. Optional; some 1 GB. Remove the folder to go back, and configure again either way:
# scripts/build.sh release --fresh
#
#   scripts/interop_venv.sh [python]        the Python to make it from: python3 without it
#
# Exit codes: 0 ready, 4 something could not be installed.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
case ${1:-} in -h | --help) script_help; exit 0 ;; esac
python=${1:-python3}
venv=$RUNNER_ROOT/.venv
if [ ! -x "$venv/bin/python" ]; then
  "$python" -m venv "$venv" ||
    die "$EXIT_ENVIRONMENT" "$python cannot make a virtual environment (Debian: apt-get install python3-venv)"
fi
"$venv/bin/python" -m pip install --quiet torch faiss-cpu numpy safetensors tensorboard check-jsonschema ||
  die "$EXIT_ENVIRONMENT" "pip could not install the wheels"
say "interop: $("$venv/bin/python" -c 'import torch, faiss, numpy; print("PyTorch", torch.__version__, "FAISS", faiss.__version__, "NumPy", numpy.__version__)') in $venv"
