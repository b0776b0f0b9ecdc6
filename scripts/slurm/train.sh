#!/usr/bin/env bash
# A training job that survives its time limit and preemption: on SIGTERM the run saves a checkpoint and ends, the job goes
# back into the queue, and continues from there. Submit it from the folder that the config's paths start from:
#
#   sbatch --time=4:00:00 --cpus-per-task=8 scripts/slurm/train.sh CONFIG --output DIR [flag of `runner train`]...
#
# DIR is the run's folder, the same for every round. The program is $RUNNER, build/release/runner below the folder that
# sbatch was called in, or `runner` in PATH. `runner train`'s exit code is the job's, but for 143 (SIGTERM, state saved),
# which requeues it.
#SBATCH --job-name=train
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@120
set -euo pipefail
case ${1:-} in
  -h | --help) sed -n '2,/^[^#]/{/^#SBATCH/d;/^#/s/^# \{0,1\}//p;}' "$0"; exit 0 ;;
esac
# Slurm runs a copy of this script: nothing lies beside it.
runner=${RUNNER:-}
if [ -z "$runner" ]; then
  runner=${SLURM_SUBMIT_DIR:-.}/build/release/runner
  [ -x "$runner" ] || runner=$(command -v runner) || { printf '%s\n' "train.sh: no runner at $runner and none in PATH" >&2; exit 4; }
fi
[[ " $* " == *" --output"* ]] || { printf '%s\n' "train.sh: --output DIR is missing: the run that goes on has to be found again" >&2; exit 2; }

"$runner" train "$@" --resume=auto &
run=$!
trap 'kill -TERM "$run" 2>/dev/null || true' TERM
code=0
wait "$run" || code=$?
# A trap ends `wait`; the run itself takes as long as its checkpoint.
while kill -0 "$run" 2>/dev/null; do
  code=0
  wait "$run" || code=$?
done
# A job that scancel ends is not RUNNING any more: it stays ended.
if [ "$code" = 143 ] && [ -n "${SLURM_JOB_ID:-}" ] &&
  [ "$(squeue --noheader --format=%T --jobs="$SLURM_JOB_ID")" = RUNNING ]; then
  printf '%s\n' "train.sh: stopped by SIGTERM with its state saved; back into the queue" >&2
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
