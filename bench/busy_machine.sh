#!/usr/bin/env bash
# What a run loses beside processes that compute, with the bootstrap's settings and with others: training in samples/s and
# the build of a PQ index in seconds, alone and beside processes that compute.
#   bench/busy_machine.sh [RUNNER...]      several programs (an older build, say) take turns
# DATA=FILE.npz, PRECISION=bf16, BATCH=32, STEPS=60, ROUNDS=1, BESIDE="0 1" (0 7: seven of them), PQ=yes. Nothing else may compute meanwhile.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd -P)
runners=("$@")
[ $# -gt 0 ] || runners=("$root/build/release/runner")
read -r -a besides <<<"${BESIDE:-0 1}"
data=${DATA:-$root/artifacts/sample/cppdocs_768.npz}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"

# number KEY: its value in the JSON object on stdin
number() { tail -n 1 | grep -o "\"$1\":[0-9.]*" | cut -d: -f2; }

train() {
  "$1" train configs/p6b_v23.yaml --npz "$data" --precision "${PRECISION:-bf16}" --batch-size "${BATCH:-32}" \
    --max-steps "${STEPS:-60}" --set data.validation.fraction=0.01 --output "$work/run" --json 2>/dev/null | number samples_per_second
  rm -rf "$work/run"
}

build_pq() {
  "$1" index configs/index_pq.yaml --npz "$data" --output "$work/pq.index" --force --json 2>/dev/null | number build_s
  rm -f "$work"/pq.index*
}

# figure FUNCTION RUNNER BESIDE SETTING: one value
figure() {
  local busy=()
  for _ in $(seq "$3"); do
    timeout 600 sh -c 'while :; do :; done' &
    busy+=($!)
  done
  (
    unset OMP_WAIT_POLICY GOMP_SPINCOUNT KMP_BLOCKTIME OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
    [ "$4" = default ] || export "${4?}"
    "$1" "$2"
  ) || echo -
  [ ${#busy[@]} -eq 0 ] || kill "${busy[@]}"
  wait
}

figures=(train)
[ "${PQ:-yes}" = no ] || figures+=(build_pq)
for what in "${figures[@]}"; do
  printf '%-10s %-28s' "$what" beside
  printf '%8s' "${besides[@]}"
  echo
  for _ in $(seq "${ROUNDS:-1}"); do
    for setting in default OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=1000 GOMP_SPINCOUNT=10000 GOMP_SPINCOUNT=100000; do
      for runner in "${runners[@]}"; do
        printf '%-10s %-28s' "$(basename "$(dirname "$(dirname "$(dirname "$runner")")")")" "$setting"
        for beside in "${besides[@]}"; do printf '%8s' "$(figure "$what" "$runner" "$beside" "$setting")"; done
        echo
      done
    done
  done
done
