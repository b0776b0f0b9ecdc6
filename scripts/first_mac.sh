#!/usr/bin/env bash
# What a first user on a Mac would look at, one after the other, into one text file to send to who maintains the runner.
# Nothing leaves the machine; read the file before you send it. It runs on Linux too, without the parts that are a Mac's.
#
#   scripts/first_mac.sh [--steps N] [--without-venv] [--without-schedule] [--report FILE]
#
#   --steps N        training steps on each device (200)
#   --without-venv   no Python environment with two libomp (it downloads some 200 MB from PyPI)
#   --without-schedule  no timer is installed and removed again
#   --report FILE    artifacts/first_mac.txt without it
#
# Exit codes: 0 everything went as it should, 1 something did not (the report says what), 2 wrong flag, 4 no program.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
steps=200
with_venv=yes
with_schedule=yes
report=$RUNNER_ROOT/artifacts/first_mac.txt
while [ $# -gt 0 ]; do
  case $1 in
    --steps) [ $# -ge 2 ] || die "$EXIT_USAGE" "--steps needs a number"; steps=$2; shift ;;
    --without-venv) with_venv=no ;;
    --without-schedule) with_schedule=no ;;
    --report) [ $# -ge 2 ] || die "$EXIT_USAGE" "--report needs a file"; report=$(absolute "$2"); shift ;;
    -h | --help) script_help; exit 0 ;;
    *) die "$EXIT_USAGE" "unknown flag $1 (expected --steps, --without-venv, --without-schedule or --report)" ;;
  esac
  shift
done
ensure_runner
runner=$(absolute "$(find_runner)")
cd "$RUNNER_ROOT"
on_mac=no
[ "$(uname -s)" != Darwin ] || on_mac=yes
work=$(mktemp -d "${TMPDIR:-/tmp}/first_mac.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$(dirname "$report")"
: >"$report"
verdicts=()
sample=$RUNNER_ROOT/artifacts/sample/cppdocs_768.npz

# part NAME EXPECTED COMMAND...: runs it, keeps its output, and says whether its exit code is the expected one ("any": all are).
part() {
  local name=$1 expected=$2 start=$SECONDS code=0 verdict=good
  shift 2
  note "first_mac: $name"
  "$@" >"$work/out" 2>&1 </dev/null || code=$?
  if [ "$expected" != any ] && [ "$code" != "$expected" ]; then verdict="BAD, expected exit code $expected"; fi
  {
    printf '\n## %s\n$ %s\n' "$name" "$*"
    tail -n 60 "$work/out"
    printf -- '-- exit code %s after %s s: %s\n' "$code" "$((SECONDS - start))" "$verdict"
  } >>"$report"
  verdicts+=("$(printf '%-44s %4s s  exit %-3s %s' "$name" "$((SECONDS - start))" "$code" "$verdict")")
}

machine() {
  uname -a
  if [ "$on_mac" = yes ]; then
    sw_vers
    sysctl -n machdep.cpu.brand_string hw.memsize hw.perflevel0.logicalcpu hw.perflevel1.logicalcpu hw.pagesize
    clang --version
    brew list --versions pytorch faiss libomp openblas yaml-cpp spdlog libzip cmake
  fi
  "$runner" --version
}

# Where the libraries come from, and whether the system takes the signatures.
linked() {
  local file folder
  folder=$(dirname "$runner")
  [ "$(basename "$folder")" != bin ] || folder=$(dirname "$folder")/lib/runner
  for file in "$runner" "$folder"/librunner_*.dylib; do
    otool -L "$file"
    otool -l "$file" | grep -A2 LC_RPATH || true
    codesign --verify --verbose "$file"
    xattr "$file"
  done
}

train() { # train DEVICE STEPS FOLDER [FLAG]...
  local device=$1 count=$2 folder=$3
  shift 3
  "$runner" train configs/p6b_v23.yaml --device "$device" --max-steps "$count" --output "$folder" --json "$@"
}

# The same weights, bit for bit, whether a run is interrupted or not.
resume() {
  local half=$((steps / 2)) every
  every=$((half > 0 ? half : 1))
  train cpu "$((2 * every))" "$work/straight" --set "checkpoint.every_steps=$every"
  train cpu "$every" "$work/halved" --set "checkpoint.every_steps=$every"
  train cpu "$((2 * every))" "$work/halved" --set "checkpoint.every_steps=$every" --resume --allow-changed
  cmp "$work/straight/model.safetensors" "$work/halved/model.safetensors" && echo "resumed: byte-identical"
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
  local left=$(($1 * 5))
  shift
  until "$@"; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    sleep 0.2
  done
}

gone() { ! kill -0 "$1" 2>/dev/null; }
# started FOLDER PROCESS: a first checkpoint is there, or none will come.
started() { [ -n "$(ls "$work/$1/checkpoints" 2>/dev/null)" ] || gone "$2"; }

# A killed launcher takes its worker along (on a Mac by a pipe).
killed_launcher() {
  "$runner" train configs/p6b_v23.yaml --device cpu --output "$work/killed" --set checkpoint.every_steps=2 >/dev/null 2>&1 &
  local launcher=$! worker
  wait_for 300 started killed "$launcher"
  worker=$(pgrep -P "$launcher")
  kill -KILL "$launcher"
  wait "$launcher" || true
  wait_for 20 gone "$worker" && echo "the worker $worker ended with its launcher"
}

# Ctrl-C saves, and says how to go on: exit code 130.
interrupted() {
  "$runner" train configs/p6b_v23.yaml --device cpu --output "$work/interrupted" --set checkpoint.every_steps=2 &
  local launcher=$! code=0
  wait_for 300 started interrupted "$launcher"
  kill -INT "$launcher"
  wait "$launcher" || code=$?
  return "$code"
}

# A process with two libomp, as pip makes it.
duplicate_venv() {
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet torch faiss-cpu scikit-learn
  "$runner" doctor --strict "$work/venv"
}
duplicate_process() {
  "$runner" exec -- "$work/venv/bin/python" -c '
import faiss, numpy, sklearn, torch
index = faiss.IndexFlatIP(8)
index.add(numpy.eye(8, dtype="float32"))
print(index.search(numpy.eye(8, dtype="float32"), 1)[1].ravel(), torch.ones(512, 512).mm(torch.ones(512, 512)).sum().item())'
}

schedule() {
  local config=$work/index_at_night.yaml
  sed "s|^output:.*|output: $work/scheduled.index|" configs/index_flat_ip.yaml >"$config"
  "$runner" schedule install "$config" --at "daily 03:00" --dry-run
  "$runner" schedule install "$config" --at "daily 03:00"
  [ "$on_mac" = no ] || plutil -lint "$HOME"/Library/LaunchAgents/runner.*.plist
  "$runner" schedule status "$config"
  "$runner" schedule start "$config"
  "$runner" schedule status "$config"
  "$runner" schedule remove "$config"
}

devices=(cpu)
[ "$on_mac" = no ] || devices+=(mps)
part "machine" any machine
part "doctor" 0 "$runner" doctor
part "doctor, strict" 0 "$runner" doctor --strict --quiet
[ "$on_mac" = no ] || part "libraries, run paths, signatures" any linked
for device in "${devices[@]}"; do
  part "smoke on $device" 0 "$runner" smoke --device "$device"
  part "train $steps steps on $device" 0 train "$device" "$steps" "$work/train_$device"
done
part "resume, byte-identical" 0 resume
part "Ctrl-C saves" "$EXIT_INTERRUPTED" interrupted
part "a killed launcher takes its worker along" 0 killed_launcher
part "index" 0 "$runner" index configs/index_flat_ip.yaml --npz "$sample" --output "$work/sample.index"
part "search" 0 "$runner" search "$work/sample.index" --queries "$sample" --k 10 --output "$work/neighbours.npz" --json
part "predict" 0 "$runner" predict "$work/train_cpu" --npz "$sample" --index "$work/sample.index" --k 3 --output "$work/next.npz" --json
if [ "$with_venv" = yes ]; then
  expected=any # wheels for Linux bring copies of libgomp, which are slow and no duplicate
  [ "$on_mac" = no ] || expected=$EXIT_ENVIRONMENT
  part "doctor on a venv with two libomp" "$expected" duplicate_venv
  part "that venv under runner exec" any duplicate_process
fi
[ "$with_schedule" = no ] || part "schedule" any schedule

{
  printf '\n## In short\n'
  printf '%s\n' "${verdicts[@]}"
} | tee -a "$report"
say "first_mac: all of it is in $report"
! grep -q ': BAD,' "$report"
