#!/usr/bin/env bash
# Builds for 64-bit Arm Linux and runs tests there, without such a machine: a Debian 12 of its own (debootstrap), the compiler
# g++-aarch64-linux-gnu, and qemu-user, which runs the programs in it, slowly. The last line is one like
#
#   debian12-arm64  gcc 12.2  libtorch 1.13  faiss 1.7  passed 812 failed 0 skipped 3  use passed 6 failed 0  95 min
#
#   scripts/arm64.sh [PROGRAM]... [--prepare] [--no-use] [--cpu MODEL] [--folder DIR]
#
#   PROGRAM        test programs to build and run (those of base, config, contract, threads, data, openmp_scan, index and the
#                  CPU engine's kernels)
#   --prepare      make the system with its packages; build nothing
#   --no-use       only test programs, without libtorch. Else the program too: doctor, 20 steps of training, the same in two
#                  halves byte for byte, an index, a search
#   --cpu MODEL    the processor that qemu plays (max, which has BFMMLA)
#   --folder DIR   the system, the build tree and the logs, some 5 GB; they stay for the next run (build/arm64)
#
# For root, on a Debian: packages come from the mirror that its apt knows.
# Exit codes: 0 all passed, 1 a build or a test failed, 2 wrong argument, 4 skipped, with the reason: something is not to be had.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
# shellcheck source=root_common.sh
. "$RUNNER_ROOT/scripts/root_common.sh"

folder=$RUNNER_ROOT/build/arm64 only_prepare=no with_use=yes cpu=max programs=() arguments=("$@")
while [ $# -gt 0 ]; do
  case $1 in
    --prepare) only_prepare=yes ;;
    --no-use) with_use=no ;;
    --cpu) [ $# -ge 2 ] || die "$EXIT_USAGE" "--cpu needs a model"; cpu=$2; shift ;;
    --folder) [ $# -ge 2 ] || die "$EXIT_USAGE" "--folder needs a folder"; folder=$(absolute "$2"); shift ;;
    -h | --help) script_help; exit 0 ;;
    *_test) programs+=("$1") ;;
    *) die "$EXIT_USAGE" "unknown argument $1 (expected a test program, --prepare, --no-use, --cpu or --folder)" ;;
  esac
  shift
done
[ ${#programs[@]} -gt 0 ] ||
  programs=(base_test config_test contract_test threads_test data_test scan_test cpu_kernels_test index_library_test)
name=debian12-arm64 root=$folder/root log=$folder/arm64.log reason='' start=$SECONDS
skip() { die "$EXIT_ENVIRONMENT" "skipped: $*"; }

[ "$(id -u)" -eq 0 ] || skip "debootstrap and chroot need root; run it with sudo"
for tool in aarch64-linux-gnu-g++ qemu-aarch64-static debootstrap cmake ninja; do
  command -v "$tool" >/dev/null 2>&1 ||
    skip "no $tool here (apt-get install debootstrap qemu-user-static binfmt-support g++-aarch64-linux-gnu, and scripts/setup.sh)"
done
formats=/proc/sys/fs/binfmt_misc
[ -e $formats/register ] || mount -t binfmt_misc none $formats 2>/dev/null || true
[ -e $formats/qemu-aarch64 ] || update-binfmts --enable qemu-aarch64 2>/dev/null || true
[ -e $formats/qemu-aarch64 ] || skip "the kernel does not start arm64 programs by qemu ($formats/qemu-aarch64)"
mount_apart "${arguments[@]}"

mkdir -p "$folder"
: >"$log"
note "arm64: the system; the whole output is in $log"
make_system bookworm --arch=arm64 || skip "$reason"
prepare_apt
packages() {
  local wanted
  read -r -d '' -a wanted <<<"$BUILD_LIBRARIES" || true
  ! inside dpkg-query -W "${wanted[@]}" >/dev/null 2>&1 || return 0
  inside apt-get -qq update &&
    inside DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "${wanted[@]}"
}
# Links to absolute places lead out of the system for who looks from outside: the cross compiler.
relative_links() {
  local link
  find "$root/usr/lib/aarch64-linux-gnu" "$root/etc/alternatives" -type l -lname '/*' | while IFS= read -r link; do
    ln -snfr "$root$(readlink "$link")" "$link"
  done
}
packages >>"$log" 2>&1 || skip "its packages cannot be installed ($log)"
relative_links >>"$log" 2>&1
versions="gcc $(short "$(aarch64-linux-gnu-g++ -dumpfullversion)")  libtorch $(package_version libtorch-dev)  faiss $(package_version libfaiss-dev)"
if [ "$only_prepare" = yes ]; then
  say "$name  $versions  prepared in $root"
  exit 0
fi

build() {
  cmake -S "$RUNNER_ROOT" -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_TOOLCHAIN_FILE="$RUNNER_ROOT/scripts/arm64/toolchain.cmake" -DRUNNER_ARM64_ROOT="$root" || return 1
  cmake --build "$folder/build" --parallel "$(build_jobs)" --target "$@"
}
targets=("${programs[@]}")
[ "$with_use" = no ] || targets+=(product)
note "arm64: build"
if ! build "${targets[@]}" >>"$log" 2>&1; then
  say "$name  $versions  FAILED to build ($log)"
  exit 1
fi

# The tree, not to be written, and what was built, where they are on the host: tests have their names.
mount_trees() {
  mount_system && mkdir -p "$root$RUNNER_ROOT" "$root$folder" && mount --bind "$RUNNER_ROOT" "$root$RUNNER_ROOT" &&
    mount --bind "$folder" "$root$folder"
}
mount_trees >>"$log" 2>&1 || skip "/proc, /sys, /dev or the tree could not be mounted in it ($log)"
there() { inside HOME=/root TMPDIR=/tmp QEMU_CPU="$cpu" OMP_NUM_THREADS=2 RUNNER_OWN_MOUNTS=yes "$@"; }

passed=0 failed=0 skipped=0
# Of GoogleTest's last lines: "[  PASSED  ] 12 tests."; a program that ended otherwise counts as one failure.
count() { sed -nE "s/^\[  $2 *\] ([0-9]+) tests?.*/\1/p" "$1" | tail -n 1; }
run_program() {
  local program=$1 output=$folder/$1.log status=0 bad
  there bash -c "cd '$RUNNER_ROOT' && exec '$folder/build/tests/$program'" >"$output" 2>&1 || status=$?
  bad=$(count "$output" FAILED)
  [ "$status" -eq 0 ] || [ -n "$bad" ] || bad=1
  passed=$((passed + $(count "$output" PASSED || true) + 0)) failed=$((failed + ${bad:-0}))
  bad=$(count "$output" SKIPPED)
  skipped=$((skipped + ${bad:-0}))
  note "arm64: $program: exit code $status ($output)"
}
for program in "${programs[@]}"; do run_program "$program"; done

use_passed=0 use_failed=0
# part NAME COMMAND...
part() {
  local what=$1
  shift
  if there "$@" >>"$folder/use.log" 2>&1; then
    use_passed=$((use_passed + 1))
  else
    use_failed=$((use_failed + 1))
    note "arm64: $what FAILED ($folder/use.log)"
  fi
}
train() { # train WHAT STEPS [FLAG]...
  local what=$1 steps=$2
  shift 2
  part "$what" "$runner" train "$RUNNER_ROOT/configs/p6b_v23.yaml" --npz "$sample" --output "$work/run" --max-steps "$steps" \
    --precision fp32 --set model.d_model=64 --set model.heads=4 --set model.layers=2 --set model.feedforward=128 \
    --set checkpoint.every_steps=10 "$@"
}
use() {
  local runner=$folder/build/runner sample=$RUNNER_ROOT/artifacts/sample/cppdocs_768.npz work=$folder/use
  rm -rf --one-file-system "$work"
  mkdir -p "$work"
  : >"$folder/use.log"
  part "the version" "$runner" --version
  part "the doctor on its own plug-ins" "$runner" doctor
  train "20 steps" 20
  mv "$work/run" "$work/straight" || return 0
  train "its first half" 10
  train "its second half" 20 --resume
  part "resumed, byte for byte" cmp "$work/straight/model.safetensors" "$work/run/model.safetensors"
  part "an index" "$runner" index "$RUNNER_ROOT/configs/index_flat_ip.yaml" --npz "$sample" --output "$work/flat.index"
  part "a search" "$runner" search "$work/flat.index" --queries "$sample" --k 3 --output "$work/neighbours.npz"
}
[ "$with_use" = no ] || use

row="passed $passed failed $failed skipped $skipped"
[ "$with_use" = no ] || row="$row  use passed $use_passed failed $use_failed"
say "$name  $versions  $row  $(((SECONDS - start + 30) / 60)) min"
[ $((failed + use_failed)) -eq 0 ] || exit 1
