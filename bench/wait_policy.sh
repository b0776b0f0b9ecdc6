#!/usr/bin/env bash
# What OMP_WAIT_POLICY=passive is worth where OpenBLAS brings threads of its own beside libgomp: the doctor's verdict
# and the training throughput with the bootstrap's wait policy and without it, in turns, and their ratio.
# The plain engine: its products are OpenBLAS's, the fused one has its own.
#   bench/wait_policy.sh [RUNNER] [FOLDER with an OpenBLAS built for pthreads]
# Without FOLDER, Debian's package is unpacked into a temporary folder, not installed. PRELOAD=yes loads that OpenBLAS by
# LD_PRELOAD, else by LD_LIBRARY_PATH, as a BLAS alternative would be. STEPS=40, ROUNDS=3.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd -P)
runner=${1:-$root/build/release/runner}
steps=${STEPS:-40} rounds=${ROUNDS:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

folder=${2:-}
if [ -z "$folder" ]; then
  (cd "$work" && apt-get download libopenblas0-pthread >/dev/null 2>&1 && dpkg -x libopenblas0-pthread_*.deb .)
  folder=$(find "$work" -type d -name openblas-pthread | head -n 1)
fi
[ -e "$folder/libblas.so.3" ] || { echo "no libblas.so.3 in '$folder'" >&2; exit 4; }
blas=LD_LIBRARY_PATH=$folder
[ "${PRELOAD:-no}" = no ] || blas=LD_PRELOAD=$folder/libblas.so.3

cd "$root"
verdict=$(env "$blas" "$runner" doctor --json "$(dirname "$runner")/librunner_train.so" | grep -o '"verdict":"[a-z]*"' | tail -n 1)
echo "doctor: $verdict with $blas"

# rate KEEP NAME=VALUE...: samples per second of a short run under this environment; KEEP: what the bootstrap leaves alone
rate() {
  local keep=$1
  shift
  env "$@" "$blas" "$runner" train configs/p6b_v23.yaml --set train.engine=plain --precision fp32 --epochs 1 --max-steps "$steps" \
    --set "environment.keep=[$keep]" --output "$work/run" --json 2>/dev/null | tail -n 1 |
    grep -o '"samples_per_second":[0-9.]*' | cut -d: -f2
  rm -rf "$work/run"
}

for round in $(seq "$rounds"); do
  bootstrap=$(rate "" -u OMP_WAIT_POLICY)
  without=$(rate OMP_WAIT_POLICY -u OMP_WAIT_POLICY)
  awk -v n="$round" -v a="$bootstrap" -v b="$without" \
    'BEGIN { printf "round %d: bootstrap %.1f samples/s, without its wait policy %.1f samples/s, ratio %.2f\n", n, a, b, a / b }'
done
