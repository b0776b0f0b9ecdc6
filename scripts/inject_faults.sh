#!/usr/bin/env bash
# Lets each call of the system fail that a job makes, one after another, and checks what is left; ends with a table.
#
#   scripts/inject_faults.sh [--cases N] [--minutes M] [--jobs train,index,…] [--calls write,rename,…] [--faults ENOSPC,EIO,…] [--at N] [--reads N]
#
#   --cases N     so many, spread evenly over all; without it every call of every job, which takes hours
#   --minutes M   stops after so long
#   --reads N     of the reads of a job so many (40), spread evenly; 0: every one. A training makes thousands
#
# Jobs: train, resume, eval, index, search, sequences, predict, pipeline, schedule. Faults: errors of the call (ENOSPC, EIO, EINTR, EMFILE,
# EACCES, EAGAIN, ENOMEM), short (half of a read or write), die (SIGKILL in front of it). Linux only.
# Exit codes: 0 every promise was kept, 1 a fault was found (or the build failed), 2 wrong argument, 4 a tool is missing.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
case ${1:-} in -h | --help) script_help; exit 0 ;; esac
cd "$RUNNER_ROOT"
command -v python3 >/dev/null || die "$EXIT_ENVIRONMENT" "python3 is missing"
built=build/$RUNNER_PRESET
if [ ! -f "$built/tests/libinject_faults.so" ] || [ ! -x "$built/runner" ]; then "$RUNNER_ROOT/scripts/build.sh" "$RUNNER_PRESET" >&2; fi
exec python3 tests/faults/inject_faults.py --runner "$built/runner" --library "$built/tests/libinject_faults.so" \
  --rows artifacts/sample/cppdocs_768.npz "$@"
