#!/usr/bin/env bash
# Builds and runs all tests on other Debians, each in a folder of its own: debootstrap, setup.sh, test.sh as a normal user.
# The last lines are one a system, for example:
#
#   debian13  gcc 14.2  libtorch 2.6  faiss 1.11  passed 1234 failed 0 skipped 5  25 min
#
#   scripts/matrix.sh [SYSTEM]... [--keep] [--prepare] [--folder DIR] [-- ctest argument...]
#
#   SYSTEM         debian13, testing, or clang: Debian 13 with clang in place of GCC (Debian 12's clang does not take its
#                  libtorch's headers in C++20). All three, when none is named.
#   --keep         leave the systems for the next run, which then compiles only what changed (one that was there stays anyhow)
#   --prepare      make the systems with their packages and keep them; build nothing
#   --folder DIR   where they and their logs lie, some 5 GB each (build/matrix)
#
# For root, on a Debian: packages come from the mirror that its apt knows. A system that cannot be had here is skipped
# with the reason.
# Exit codes: 0 all passed, 1 a build or a test failed, 2 wrong argument, 4 not root, or none of the systems can be had.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
# shellcheck source=root_common.sh
. "$RUNNER_ROOT/scripts/root_common.sh"

keep=no only_prepare=no folder=$RUNNER_ROOT/build/matrix systems=() ctest_arguments=() arguments=("$@")
while [ $# -gt 0 ]; do
  case $1 in
    debian13 | testing | clang) systems+=("$1") ;;
    --keep) keep=yes ;;
    --prepare) keep=yes only_prepare=yes ;;
    --folder) [ $# -ge 2 ] || die "$EXIT_USAGE" "--folder needs a folder"; folder=$(absolute "$2"); shift ;;
    --) shift; ctest_arguments=("$@"); break ;;
    -h | --help) script_help; exit 0 ;;
    *) die "$EXIT_USAGE" "unknown argument $1 (expected debian13, testing, clang, --keep, --prepare, --folder or --)" ;;
  esac
  shift
done
[ ${#systems[@]} -gt 0 ] || systems=(debian13 testing clang)
[ "$(id -u)" -eq 0 ] || die "$EXIT_ENVIRONMENT" "debootstrap and chroot need root; run it with sudo"
mount_apart "${arguments[@]}"

suite_of() {
  case $1 in
    debian13 | clang) printf trixie ;;
    *) printf '%s' "$1" ;;
  esac
}

# What git tracks and what it would; in a tree without git all but what is built.
list_files() {
  git -c safe.directory="$RUNNER_ROOT" ls-files -z -co --exclude-standard 2>/dev/null ||
    find . \( -path ./build -o -path ./.git -o -path ./.venv \) -prune -o ! -type d -print0
}

# This tree's files as they are now; what a run before has built stays, so that only what changed is compiled.
copy_tree() {
  local tree=$root/home/builder/runner
  mkdir -p "$tree"
  find "$tree" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf --one-file-system {} +
  (cd "$RUNNER_ROOT" && list_files | while IFS= read -r -d '' file; do
    [ ! -e "$file" ] || printf '%s\0' "$file"
  done | tar --null --files-from - -cf -) | tar -C "$tree" -xf - --no-same-owner
}

# Packages, the user who builds, the tree.
prepare_system() {
  local extra=()
  prepare_apt
  [ "$system" != clang ] || extra=(clang)
  inside id builder >/dev/null 2>&1 || inside useradd --create-home --shell /bin/bash builder || return 1
  copy_tree || return 1
  if [ ${#extra[@]} -gt 0 ]; then
    inside apt-get -qq update &&
      inside DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "${extra[@]}" || return 1
  fi
  inside "/home/builder/runner/scripts/setup.sh" --tests || return 1
  inside chown -R builder:builder /home/builder
}

test_system() {
  local settings=(HOME=/home/builder "CXX=$compiler") name
  [ "$compiler" = g++ ] && settings+=(CC=gcc) || settings+=(CC=clang)
  # What this machine's processor needs holds in there too.
  for name in OPENBLAS_CORETYPE OPENBLAS_L2_SIZE; do
    [ -z "${!name:-}" ] || settings+=("$name=${!name}")
  done
  chroot --userspec=builder:builder "$root" env -i PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 "${settings[@]}" \
    bash -c "cd ~/runner && exec scripts/test.sh $RUNNER_PRESET \"\$@\"" test.sh "${ctest_arguments[@]}" </dev/null
}

versions() {
  local version
  version=$(inside "$compiler" -dumpfullversion -dumpversion 2>/dev/null | tail -n 1) || true
  printf '%s %s  libtorch %s  faiss %s' "$([ "$compiler" = g++ ] && echo gcc || echo clang)" "$(short "$version" || printf '?')" \
    "$(package_version libtorch-dev)" "$(package_version libfaiss-dev)"
}

# Sets `row` and `outcome`: passed, failed or skipped.
run_system() {
  local start=$SECONDS status=0 last
  root=$folder/$system log=$folder/$system.log reason='' compiler=g++
  [ "$system" != clang ] || compiler=clang++
  : >"$log"
  if ! make_system "$(suite_of "$system")"; then
    row="$system  skipped: $reason" outcome=skipped
    return
  fi
  if ! mount_system >>"$log" 2>&1; then
    row="$system  skipped: its /proc, /sys or /dev could not be mounted ($log)" outcome=skipped
    unmount_system
    return
  fi
  note "matrix: $system: packages; the whole output is in $log"
  if ! prepare_system >>"$log" 2>&1; then
    row="$system  FAILED: setup.sh did not end well ($log)" outcome=failed
  elif [ "$only_prepare" = yes ]; then
    row="$system  $(versions)  prepared in $root" outcome=passed
  else
    note "matrix: $system: build and tests"
    test_system >>"$log" 2>&1 || status=$?
    last=$(tail -n 1 "$log")
    outcome=failed
    if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
      row="passed ${BASH_REMATCH[1]} failed ${BASH_REMATCH[2]} skipped ${BASH_REMATCH[3]}"
      [ "$status" -ne 0 ] || outcome=passed
    else
      row="FAILED before the tests ran, exit code $status ($log)"
    fi
    row="$system  $(versions)  $row  $(((SECONDS - start + 30) / 60)) min"
  fi
  unmount_system
}

mkdir -p "$folder"
rows=() passed=0 failed=0
for system in "${systems[@]}"; do
  was_there=no
  [ ! -d "$folder/$system" ] || was_there=yes
  run_system
  rows+=("$row")
  case $outcome in
    passed) passed=$((passed + 1)) ;;
    failed) failed=$((failed + 1)) ;;
  esac
  [ "$keep" = yes ] || [ "$was_there" = yes ] || rm -rf --one-file-system "${folder:?}/$system"
done
printf '%s\n' "${rows[@]}"
[ "$failed" -eq 0 ] || exit 1
[ "$passed" -gt 0 ] || exit "$EXIT_ENVIRONMENT"
