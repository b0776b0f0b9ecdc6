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

# What is mounted below is seen by this process and its children alone and is gone with them, however they end.
if [ "${RUNNER_MATRIX_MOUNTS:-}" != own ]; then
  unshare --mount true 2>/dev/null || die "$EXIT_ENVIRONMENT" "nothing can be mounted here (unshare --mount fails)"
  RUNNER_MATRIX_MOUNTS=own exec unshare --mount --propagation private -- "${BASH_SOURCE[0]}" "${arguments[@]}"
fi

suite_of() {
  case $1 in
    debian13 | clang) printf trixie ;;
    *) printf '%s' "$1" ;;
  esac
}

inside() { chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@" </dev/null; }

# Makes $root, unless a run before has left it. Sets `reason` and returns 1 when it cannot.
make_system() {
  local suite=$1 mirror
  [ ! -d "$root" ] || return 0
  if ! command -v debootstrap >/dev/null 2>&1; then
    reason="no debootstrap here (apt-get install debootstrap)"
    return 1
  fi
  mirror=$(host_mirror)
  if [ -z "$mirror" ]; then
    reason="apt knows no Debian mirror (apt-get update)"
    return 1
  fi
  rm -rf --one-file-system "$root.part"
  if ! debootstrap --variant=minbase "$suite" "$root.part" "$mirror" >>"$log" 2>&1; then
    reason="debootstrap of $suite failed ($log)"
    return 1
  fi
  mv "$root.part" "$root"
}

# No device of the host's but those that hold nothing; /sys for the sizes of caches, as it is but not to be written.
mount_system() {
  local device
  mount -t proc proc "$root/proc" && mount --bind /sys "$root/sys" && mount -o remount,bind,ro "$root/sys" &&
    mount -t tmpfs -o mode=755 tmpfs "$root/dev" || return 1
  for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device" || return 1
  done
  mkdir "$root/dev/shm" "$root/dev/pts"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" &&
    mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts" || return 1
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  ln -s /proc/self/fd/0 "$root/dev/stdin"
  ln -s /proc/self/fd/1 "$root/dev/stdout"
  ln -s /proc/self/fd/2 "$root/dev/stderr"
}

unmount_system() { umount --recursive --lazy "$root/proc" "$root/sys" "$root/dev" 2>/dev/null || true; }

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
  cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
  mkdir -p "$root/etc/apt/apt.conf.d"
  # How this host reaches its mirror.
  apt-config dump Acquire::http Acquire::https Acquire::Check-Valid-Until Acquire::Check-Date \
    >"$root/etc/apt/apt.conf.d/90host" 2>/dev/null || true
  # No package starts a service in here.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
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

# short VERSION: its first two numbers, without an epoch.
short() { [[ $1 =~ ^([0-9]+:)?([0-9]+(\.[0-9]+)?) ]] && printf '%s' "${BASH_REMATCH[2]}"; }
package_version() { short "$(inside dpkg-query -W -f "\${Version}" "$1" 2>/dev/null)" || printf '?'; }
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
