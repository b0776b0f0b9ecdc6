# shellcheck shell=bash
# What the scripts beside it share; source it. The caller has done `set -euo pipefail`.

RUNNER_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
RUNNER_PRESET=${RUNNER_PRESET:-release}

# Exit codes of the runner itself (README.md, Exit codes), here since scripts need them before it is built; a test compares
# them with src/base/error.h, and scripts/bench/bench.py reads them from here.
# shellcheck disable=SC2034  # used by the scripts that source this
readonly EXIT_DONE=0 EXIT_FAILED=1 EXIT_USAGE=2 EXIT_DATA=3 EXIT_ENVIRONMENT=4 EXIT_GATE=5 EXIT_INTERRUPTED=130 EXIT_TERMINATED=143

# What a build needs on Debian.
# shellcheck disable=SC2034
readonly BUILD_TOOLS="cmake ninja-build g++ ccache pkg-config" \
  BUILD_LIBRARIES="libtorch-dev libfaiss-dev libopenblas-openmp-dev libyaml-cpp-dev libcli11-dev libspdlog-dev nlohmann-json3-dev
  libzip-dev libprotobuf-dev libgtest-dev libgmock-dev libgloo-dev"

say() { printf '%s\n' "$*"; }
note() { printf '%s\n' "$*" >&2; }
die() { # die CODE MESSAGE...
  local code=$1
  shift
  note "$(basename "$0"): $*"
  exit "$code"
}

# Prints the comment block at the head of the calling script: its help.
script_help() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p;}' "$0"; }

# An existing file's absolute path, so that the script may change its folder. "" stays "".
absolute() {
  case $1 in
    '' | /*) printf '%s' "$1" ;;
    *) printf '%s/%s' "$PWD" "$1" ;;
  esac
}

# The host's mirror of Debian, without its updates and security: "" when apt knows none.
host_mirror() {
  apt-get indextargets --format "\$(LABEL)|\$(REPO_URI)" "Created-By: Packages" 2>/dev/null |
    sed -nE '/^Debian\|(https?|file):/{s/^Debian\|//p;q;}' || true
}

# How many compilers may run: cores, but no more than one for each 2 GB of memory (libtorch's headers are heavy).
build_jobs() {
  local cores memory_kb by_memory
  cores=$(nproc 2>/dev/null || sysctl -n hw.ncpu)
  memory_kb=$(awk '/^MemAvailable/ {print $2}' /proc/meminfo 2>/dev/null || true)
  if [ -n "$memory_kb" ]; then
    by_memory=$((memory_kb / 2097152))
    [ "$by_memory" -ge 1 ] || by_memory=1
    [ "$cores" -le "$by_memory" ] || cores=$by_memory
  fi
  printf '%s' "$cores"
}

# The program: $RUNNER, this tree's build, or an installed one.
find_runner() {
  local built=$RUNNER_ROOT/build/$RUNNER_PRESET/runner
  if [ -n "${RUNNER:-}" ]; then
    printf '%s' "$RUNNER"
  elif [ -x "$built" ]; then
    printf '%s' "$built"
  elif command -v runner >/dev/null 2>&1; then
    command -v runner
  else
    die "$EXIT_ENVIRONMENT" "no runner program at $built and none in PATH; build it with $RUNNER_ROOT/scripts/build.sh"
  fi
}

# Sets up and builds the program, without the tests, unless $RUNNER names a ready program.
ensure_runner() {
  [ -z "${RUNNER:-}" ] || return 0
  "$RUNNER_ROOT/scripts/setup.sh" >&2
  "$RUNNER_ROOT/scripts/build.sh" "$RUNNER_PRESET" --product >&2
}

# True when the npz holds ready windows: the names of its arrays stand in the directory at the end of the file.
holds_sequences() {
  [ "$(tail -c 65536 -- "$1" | LC_ALL=C grep -acE '(context_sequences|contexts|context)\.npy')" -gt 0 ]
}
