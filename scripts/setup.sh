#!/usr/bin/env bash
# Installs what the build needs, and only what is missing. Running it again changes nothing.
#
#   scripts/setup.sh [--tests] [--bench] [--print]
#
#   --tests   also what the tests use: Python peers (NumPy, PyTorch, FAISS), LLVM's OpenMP and tools, patchelf, cron, systemd, shells
#   --bench   also Google Benchmark
#   --print   only say what would be installed
#
# Debian 12, 13 and testing with apt (through sudo where not root), or macOS with Homebrew (not run by anybody yet: docs/macos.md).
# Exit codes: 0 everything is there, 2 wrong flag, 4 something cannot be installed.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

# "a|b": either will do; when none is there the first that the system offers is installed.
BUILD_PACKAGES="$BUILD_TOOLS $BUILD_LIBRARIES"
TEST_PACKAGES="python3 python3-numpy python3-torch python3-faiss python3-yaml libomp5|libomp5-14|libomp5-19 patchelf cron systemd
  openmpi-bin iproute2 procps git clang-format clang-tidy llvm shellcheck zsh fish mandoc man-db"
BENCH_PACKAGES="libbenchmark-dev python3 python3-numpy"

with_tests=no with_bench=no only_print=no
for flag in "$@"; do
  case $flag in
    --tests) with_tests=yes ;;
    --bench) with_bench=yes ;;
    --print) only_print=yes ;;
    -h | --help) script_help; exit 0 ;;
    *) die "$EXIT_USAGE" "unknown flag $flag (expected --tests, --bench or --print)" ;;
  esac
done

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo -- "$@"
  fi
}

# Sets `missing` to the names, with their alternatives, of what is not installed.
find_missing() {
  local wish choice found
  missing=()
  for wish in "$@"; do
    found=no
    for choice in ${wish//|/ }; do
      if installed "$choice"; then
        found=yes
        break
      fi
    done
    [ "$found" = yes ] || missing+=("$wish")
  done
}

# Turns each "a|b" of `missing` into the first name that apt can install, or the first.
choose_offered() {
  local i choice
  for i in "${!missing[@]}"; do
    for choice in ${missing[i]//|/ }; do
      if apt-cache show "$choice" >/dev/null 2>&1; then
        missing[i]=$choice
        break
      fi
    done
    missing[i]=${missing[i]%%|*}
  done
}

# OpenBLAS on OpenMP shares libgomp's threads with libtorch and FAISS. The pthread build, which Debian prefers when both
# are there, brings a second pool that fights the first (2 to 3 times slower). What an administrator set by hand stays.
choose_blas() {
  local folder link name value status changed=no
  folder=$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || gcc -dumpmachine)
  for link in libblas.so.3 liblapack.so.3 libopenblas.so.0; do
    name=$link-$folder
    value=$(update-alternatives --query "$name" 2>/dev/null | awk '/^Value:/ {print $2}') || true
    status=$(update-alternatives --query "$name" 2>/dev/null | awk '/^Status:/ {print $2}') || true
    case $value in
      '' | *openblas-openmp/*) continue ;;
    esac
    if [ "$status" = manual ]; then
      note "setup: warning: $link is set by hand to $value; for one thread pool: update-alternatives --auto $name"
    else
      as_root update-alternatives --set "$name" "/usr/lib/$folder/openblas-openmp/$link" >/dev/null
      changed=yes
    fi
  done
  blas=$(readlink -f "/usr/lib/$folder/libblas.so.3" || true)
  [ "$changed" = no ] || blas="$blas (chosen now)"
}

# The line that does by hand what this script cannot; the alternatives of a wish are chosen already.
without_root() {
  die "$EXIT_ENVIRONMENT" "not root, and no sudo here; as root run
  apt-get update && apt-get install --no-install-recommends ${missing[*]}
then this script again"
}

# What apt says of the whole: "377 packages, 512 MB to fetch, 1,900 MB on the disk".
announce() {
  local told packages fetch disk
  told=$(LC_ALL=C apt-get -o Debug::NoLocking=1 --assume-no install --no-install-recommends "${missing[@]}" 2>/dev/null || true)
  packages=$(sed -nE 's/.* ([0-9]+) newly installed.*/\1/p' <<<"$told")
  fetch=$(sed -nE 's/^Need to get ([0-9.,]+ [kMG]?B).*/\1/p' <<<"$told")
  disk=$(sed -nE 's/^After this operation, ([0-9.,]+ [kMG]?B) of additional.*/\1/p' <<<"$told")
  note "setup: ${packages:-${#missing[@]}} packages to install (of ${#missing[@]} missing here, with what they need): ${fetch:-0 B} to fetch, ${disk:-little} on the disk"
}

# What apt says, on stdin: its progress (APT::Status-Fd) as a line that is drawn again on a terminal and one for each quarter
# elsewhere, the rest into the file LOG.
show_progress() {
  local log=$1 line percent done_=0
  while IFS= read -r line; do
    case $line in
      dlstatus:*:*:*) percent=$(cut -d : -f 3 <<<"$line") percent=$((${percent%%.*} / 2)) ;;
      pmstatus:*:*:*) percent=$(cut -d : -f 3 <<<"$line") percent=$((50 + ${percent%%.*} / 2)) ;;
      *) say "$line" >>"$log"; continue ;;
    esac
    if [ -t 2 ]; then
      printf '\r\033[Ksetup: %3d %%  %.60s' "$percent" "$(cut -d : -f 4 <<<"$line")" >&2
    elif [ $((percent / 25)) -gt "$done_" ]; then
      done_=$((percent / 25))
      note "setup: $((done_ * 25)) %"
    fi
  done
  [ ! -t 2 ] || printf '\r\033[K' >&2
}

# Installs `missing`. What apt says goes to a file, which is named when it fails.
install_missing() {
  local log
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
    choose_offered
    without_root
  fi
  log=$(mktemp "${TMPDIR:-/tmp}/runner-setup.XXXXXX")
  note "setup: asking the mirrors for their lists"
  as_root apt-get -qq -o Acquire::Retries=3 update >"$log" 2>&1 || note "setup: warning: apt-get update failed; its output is in $log"
  choose_offered
  announce
  # A descriptor of its own for the progress: dpkg closes it to the packages' scripts, which need their standard output.
  # It is opened behind sudo, which passes on none but the first three.
  # shellcheck disable=SC2016  # "$@" is the inner shell's
  if ! as_root env DEBIAN_FRONTEND=noninteractive sh -c 'exec apt-get "$@" 3>&1' sh -qq -y -o Acquire::Retries=3 \
    -o Dpkg::Use-Pty=0 -o APT::Status-Fd=3 install --no-install-recommends "${missing[@]}" 2>&1 | show_progress "$log"; then
    grep -E '^E: ' "$log" >&2 || true
    die "$EXIT_ENVIRONMENT" "apt-get could not install: ${missing[*]} (Debian 12, 13 or newer is needed); all that it said is in $log"
  fi
  rm -f "$log"
}

setup_debian() {
  local wanted
  # shellcheck disable=SC2206  # the lists are split at their blanks
  wanted=($BUILD_PACKAGES)
  # shellcheck disable=SC2206
  [ "$with_tests" = no ] || wanted+=($TEST_PACKAGES)
  # shellcheck disable=SC2206
  [ "$with_bench" = no ] || wanted+=($BENCH_PACKAGES)
  find_missing "${wanted[@]}"
  if [ "$only_print" = yes ]; then
    say "setup: ${#missing[@]} of ${#wanted[@]} packages missing${missing[*]:+: ${missing[*]}}"
    return
  fi
  [ ${#missing[@]} -eq 0 ] || install_missing
  choose_blas
  if [ ${#missing[@]} -gt 0 ]; then
    say "setup: installed ${#missing[@]} of ${#wanted[@]} packages (${missing[*]}); BLAS is $blas"
  else
    say "setup: nothing to install, all ${#wanted[@]} packages are there; BLAS is $blas"
  fi
}

# Homebrew, from the Brewfile. Nobody has run this yet (docs/macos.md).
setup_macos() {
  command -v brew >/dev/null 2>&1 || die "$EXIT_ENVIRONMENT" "Homebrew is needed: see https://brew.sh"
  if [ "$only_print" = yes ]; then
    brew bundle check --verbose --file "$RUNNER_ROOT/Brewfile" || true
  elif brew bundle check --no-upgrade --file "$RUNNER_ROOT/Brewfile" >/dev/null 2>&1; then
    say "setup: nothing to install, the Brewfile's packages are there (nobody has run this on a Mac yet: scripts/first_mac.sh is for you)"
  else
    brew bundle install --no-upgrade --file "$RUNNER_ROOT/Brewfile" >&2 || die "$EXIT_ENVIRONMENT" "brew bundle failed"
    say "setup: installed the Brewfile's packages (nobody has run this on a Mac yet: scripts/first_mac.sh is for you)"
  fi
}

if [ "$(uname -s)" = Darwin ]; then
  setup_macos
elif command -v apt-get >/dev/null 2>&1; then
  setup_debian
else
  die "$EXIT_ENVIRONMENT" "neither apt-get nor Homebrew here; install what docs and this script list: $BUILD_PACKAGES"
fi
