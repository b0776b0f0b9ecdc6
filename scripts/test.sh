#!/usr/bin/env bash
# Sets up, builds and runs all tests. The last line counts them.
#
#   scripts/test.sh [PRESET] [ctest argument]...         for example: scripts/test.sh release -R npz
#
# RUNNER_DATA=FILE.npz   a large vectors file for the tests that can use one (they take the bundled sample without it)
# Exit codes: 0 all passed, 1 a test failed, 4 something could not be installed.
set -euo pipefail
export KMP_DUPLICATE_LIB_OK=TRUE
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
case ${1:-} in
  -h | --help) script_help; exit 0 ;;
  '' | -*) preset=$RUNNER_PRESET ;;
  *) preset=$1; shift ;;
esac
cd "$RUNNER_ROOT"
scripts/setup.sh --tests
scripts/build.sh "$preset"

report=build/$preset/tests.xml
rm -f "$report"
status=0
ctest --preset "$preset" --output-junit "$RUNNER_ROOT/$report" --no-tests=error "$@" || status=1
[ -f "$report" ] || die 1 "ctest wrote no report"

# <testsuite … tests="N" failures="N" disabled="N" skipped="N" …>
count() { tr '\n' ' ' <"$report" | grep -oE "<testsuite [^>]*" | grep -oE "[[:space:]]$1=\"[0-9]+\"" | grep -oE '[0-9]+' | head -n 1; }
failed=$(count failures)
skipped=$(($(count skipped) + $(count disabled)))
passed=$(($(count tests) - failed - skipped))
say "$passed passed, $failed failed, $skipped skipped"
exit $status
