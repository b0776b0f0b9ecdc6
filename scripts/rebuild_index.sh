#!/usr/bin/env bash
# Rebuilds an index for a scheduler of your own (cron, CI, Airflow): says nothing when nothing has changed, one line on
# stdout when a new index was published, and the runner's log on stderr when it failed. Installs and builds nothing.
#
#   scripts/rebuild_index.sh CONFIG [flag of `runner index`]...
#
#   CONFIG   a file, or the name of a shipped one, in whatever folder this is called: index_flat_ip
#
# Exit codes: 0 published or unchanged, 1 the run failed, 2 wrong config, 3 wrong data, 4 environment (also: no runner
# built), 5 the new index was not good enough and the old one stays.
set -euo pipefail
export KMP_DUPLICATE_LIB_OK=TRUE
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
case ${1:-} in
  -h | --help) script_help; exit 0 ;;
  '' | -*) die "$EXIT_USAGE" "expected a config: scripts/rebuild_index.sh configs/index_flat_ip.yaml" ;;
esac
runner=$(find_runner)
log=$(mktemp "${TMPDIR:-/tmp}/rebuild_index.XXXXXX")
trap 'rm -f "$log"' EXIT

config=$1
shift
shipped=$RUNNER_ROOT/configs/$(basename "$config" .yaml).yaml
[ -e "$config" ] || [ ! -f "$shipped" ] || config=$shipped
code=0
result=$("$runner" index "$config" "$@" --json 2>"$log") || code=$?
if [ "$code" -ne 0 ]; then
  cat "$log" >&2
  note "rebuild_index: $config failed with exit code $code"
  exit "$code"
fi
{
  read -r skipped
  read -r output
  read -r ntotal
  read -r dimension
  read -r wall_s
} < <(printf '%s' "$result" | "$runner" json - skipped output ntotal dimension wall_s)
if [ "$skipped" != true ]; then
  say "rebuild_index: published $output: $ntotal vectors of $dimension, $wall_s s"
fi
