#!/usr/bin/env bash
# Measures what the runner does against its peers and against the floor of this machine, in turns in one run, and prints one
# table: medians, spread, ratios. docs/performance.md explains the figures.
#
#   scripts/bench.sh [--quick] [--json] [--compare FILE] [--data FILE] [--only train,index,search,sequences,eval,start] [--device cuda]
#   scripts/bench.sh --curves [--quick] [--json] [--data FILE] [--only train,index,search]
#
# --curves: the runner alone, as curves: training against batch (1 to 512) and threads (1 to all cores), index build and search
# against rows (1,000 to 400,000, the data over and over) and threads, search against queries; tables with bars.
# --compare: each figure beside that of an earlier run, whose --json output FILE holds; faster or slower is only said where no round of
# one run lies among those of the other.
# --quick: some 6 minutes, two rounds and floors once. --device cuda: trains on the GPU instead, batches 32 and 4096.
# --data: vectors to measure with (RUNNER_DATA, else the bundled sample). The peers, PyTorch and FAISS, are each taken from .venv
# (scripts/interop_venv.sh) or from Debian's python3-torch and python3-faiss; one that is missing leaves its cells empty.
# RUNNER_BENCH_PYTHON names another Python. What fails leaves its cell empty too, and says why on stderr. Exit codes: 1 when the
# runner failed at something, 4 when there is none that can be executed.
# Kernels alone: scripts/build.sh release -DRUNNER_BENCH=ON, then build/release/bench/bench_cpu_kernels.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
case ${1:-} in -h | --help) script_help; exit 0 ;; esac
ensure_runner
runner=$(find_runner)
# Inherited values can halve sgemm, on either side.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE OMP_NUM_THREADS
exec python3 "$RUNNER_ROOT/scripts/bench/bench.py" --runner "$runner" "$@"
