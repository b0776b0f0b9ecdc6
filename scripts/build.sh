#!/usr/bin/env bash
# Configures and builds build/PRESET/runner with its plug-ins and tests.
#
#   scripts/build.sh [PRESET] [--product|--package] [cmake argument]...        PRESET: release (default), dev, asan or tsan
#
#   --product   the program and its plug-ins only, no tests
#   --package   everything, and build/PRESET/runner_*.deb, a package for this Debian
#
# Exit codes: 0 built, 1 the build failed, 4 a tool is missing (scripts/setup.sh installs it).
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
case ${1:-} in
  -h | --help) script_help; exit 0 ;;
  '' | -*) preset=$RUNNER_PRESET ;;
  *) preset=$1; shift ;;
esac
target=all
case ${1:-} in
  --product | --package)
    target=${1#--}
    shift
    ;;
esac
cd "$RUNNER_ROOT"
for tool in cmake ninja; do
  command -v $tool >/dev/null 2>&1 || die "$EXIT_ENVIRONMENT" "$tool is missing; run scripts/setup.sh"
done

log=build/$preset/configure.log
if [ $# -gt 0 ] || [ ! -f "build/$preset/build.ninja" ]; then
  mkdir -p "build/$preset"
  if ! cmake --preset "$preset" "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    die 1 "cmake could not configure; the whole output is in $log"
  fi
fi
# ninja configures again by itself when a CMake file has changed.
cmake --build --preset "$preset" --target "$target" --parallel "$(build_jobs)" || die 1 "the build failed"
say "built: $RUNNER_ROOT/build/$preset/runner"
[ "$target" != package ] || say "packed: $(find "$RUNNER_ROOT/build/$preset" -maxdepth 1 -name '*.deb' | sort | tr '\n' ' ')"
