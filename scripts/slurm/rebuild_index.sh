#!/usr/bin/env bash
# Rebuilds an index on a Slurm cluster: an array of N tasks builds the parts, and when all have succeeded one job merges
# and publishes them. Prints both job numbers. Run it where sbatch is; CONFIG, inputs and output lie on a shared disk.
#
#   scripts/slurm/rebuild_index.sh CONFIG N [flag of `runner index`]...
#
#   SBATCH_…            sbatch's own variables (SBATCH_PARTITION, SBATCH_ACCOUNT, SBATCH_TIMELIMIT) hold for all jobs
#   RUNNER_PART_FLAGS   further flags of sbatch for the parts:    RUNNER_PART_FLAGS="--cpus-per-task=8 --mem=16G"
#   RUNNER_MERGE_FLAGS  and for the merge, which holds any other type than Flat in memory
#
# A part that failed is built again alone: runner index CONFIG --shard I/N, then runner index CONFIG --merge.
#
# Exit codes: 0 submitted, 2 wrong arguments, 4 no sbatch or no runner; else sbatch's own.
set -euo pipefail
# shellcheck source=../common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../common.sh"
case ${1:-} in
  -h | --help) script_help; exit 0 ;;
esac
[ $# -ge 2 ] || die "$EXIT_USAGE" "expected a config and a number of parts: scripts/slurm/rebuild_index.sh configs/index_ivf.yaml 8"
config=$1 parts=$2
shift 2
[[ $parts =~ ^[1-9][0-9]*$ ]] || die "$EXIT_USAGE" "N is '$parts'; it is a number of parts, 1 or more"
command -v sbatch >/dev/null 2>&1 || die "$EXIT_ENVIRONMENT" "no sbatch here: this is no machine that submits to Slurm"
runner=$(find_runner)
read -ra part_flags <<<"${RUNNER_PART_FLAGS:-}"
read -ra merge_flags <<<"${RUNNER_MERGE_FLAGS:-}"

# What a mistake in the config or its flags would let every task fail with is said here.
"$runner" index "$config" "$@" --dry-run --quiet >/dev/null || exit $?
command=$(printf '%q ' "$runner" index "$config" "$@")
array=$(sbatch --parsable --requeue --open-mode=append --job-name=index-parts --array="0-$((parts - 1))" \
  "${part_flags[@]}" --wrap="exec $command --shard auto")
array=${array%%;*}
merge=$(sbatch --parsable --requeue --open-mode=append --job-name=index-merge --dependency="afterok:$array" \
  --kill-on-invalid-dep=yes "${merge_flags[@]}" --wrap="exec $command --merge")
say "parts: $array (0-$((parts - 1))), merge: ${merge%%;*}"
