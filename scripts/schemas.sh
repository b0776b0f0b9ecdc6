#!/usr/bin/env bash
# Writes schemas/JOB.schema.json, which editors check and complete configurations by, and docs/json.md, what --json prints, from
# what the built program declares. To be run after a change of a job's keys or of a result's; a test tells when it has been
# forgotten.
#
#   scripts/schemas.sh [RUNNER]        the program: build/release/runner without it
#
# Exit codes: 0 written, 4 no program.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
case ${1:-} in -h | --help) script_help; exit 0 ;; esac
runner=${1:-$RUNNER_ROOT/build/release/runner}
[ -x "$runner" ] || die "$EXIT_ENVIRONMENT" "no program at $runner; run scripts/build.sh first"
mkdir -p "$RUNNER_ROOT/schemas"
for job in train index sequences eval predict search smoke pipeline; do
  "$runner" config schema $job >"$RUNNER_ROOT/schemas/$job.schema.json"
done
"$runner" help --json-keys >"$RUNNER_ROOT/docs/json.md"
say "schemas: written to $RUNNER_ROOT/schemas, and $RUNNER_ROOT/docs/json.md"
