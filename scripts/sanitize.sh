#!/usr/bin/env bash
# Builds and runs the tests that need no libtorch under sanitizers, a line each program.
#
#   scripts/sanitize.sh [asan] [tsan]      both, when none is named
#
#   asan   memory and undefined behaviour: files of others, configs, outputs, processes, the scan, the kernels, indexes, pages
#   tsan   races: the team of threads, and what else has threads of its own
#
# Some 12 minutes on 2 cores from nothing. Exit codes: 0 all passed, 1 a build or a program failed, 2 wrong argument.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
readonly ASAN_PROGRAMS="index_damage_test index_library_test base_test config_test contract_test data_test report_test scan_test doctor_test
  environment_test threads_test worker_parts_test launch_test exec_test schedule_test loss_options_test cpu_kernels_test
  fuzz_binary fuzz_ld_cache fuzz_npz fuzz_pickle"  # the longest first
readonly TSAN_PROGRAMS="base_test environment_test threads_test worker_parts_test cpu_kernels_test data_test"

presets=()
for argument in "$@"; do
  case $argument in
    asan | tsan) presets+=("$argument") ;;
    -h | --help) script_help; exit 0 ;;
    *) die "$EXIT_USAGE" "unknown argument $argument (expected asan or tsan)" ;;
  esac
done
[ ${#presets[@]} -gt 0 ] || presets=(asan tsan)
cd "$RUNNER_ROOT"

# FAISS and OpenBLAS keep what they take once. Signals are the programs' own: they test how a crash is told. Some of them
# start others with a library preloaded.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:verify_asan_link_order=0
ASAN_OPTIONS+=:handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigfpe=0:handle_sigill=0
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 TSAN_OPTIONS="suppressions=$RUNNER_ROOT/tests/tsan.supp"

# libgomp and OpenBLAS are not instrumented: few threads of theirs where a program computes with them.
threads_of() {
  case $1 in
    index_* | cpu_kernels_test) printf 'OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=1' ;;
  esac
}

# run_one PRESET PROGRAM: a line of how it ended, and its last words when it failed.
run_one() {
  local log=build/$1/$2.log arguments=(--gtest_brief=1) started=$SECONDS status=0 threads
  case $2 in fuzz_*) arguments=(2000) ;; esac
  read -ra threads <<<"$(threads_of "$2")"
  env "${threads[@]}" "build/$1/tests/$2" "${arguments[@]}" >"$log" 2>&1 || status=$?
  if [ "$status" = 0 ]; then
    say "$1: $2: passed ($((SECONDS - started)) s)"
    return
  fi
  say "$1: $2: FAILED (exit code $status); its output is in $log"
  tail -n 30 "$log" >&2
  return 1
}

rm -f build/sanitize.failed
for preset in "${presets[@]}"; do
  list=$ASAN_PROGRAMS
  [ "$preset" = asan ] || list=$TSAN_PROGRAMS
  mapfile -t programs < <(xargs -n 1 <<<"$list")
  mkdir -p "build/$preset"
  cmake --preset "$preset" >"build/$preset/configure.log" 2>&1 || die 1 "cmake could not configure $preset; see build/$preset/configure.log"
  ninja -C "build/$preset" -j "$(build_jobs)" "${programs[@]}" >"build/$preset/build.log" 2>&1 || {
    tail -n 40 "build/$preset/build.log" >&2
    die 1 "the $preset build failed; the whole output is in build/$preset/build.log"
  }
  # Two at a time: much of a test is waiting.
  for program in "${programs[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n || true; done
    { run_one "$preset" "$program" || : >build/sanitize.failed; } &
  done
  wait
done
[ ! -e build/sanitize.failed ]
