#!/usr/bin/env bash
# Looks for what CONTRIBUTING.md rules out, without building anything. One line a finding: FILE:LINE: what.
#
#   scripts/check.sh [--tidy]
#
#   --tidy   clang-tidy as well, with the checks of .clang-tidy, on every file of src/ and jobs/ (8 minutes on 2 cores)
#
# format     clang-format 14 leaves C++ files alone (skipped, with the reason, where that is missing)
# shell      shellcheck says nothing of the scripts (likewise)
# layers     a folder includes only the folders that scripts/layers.txt allows it
# headers    the first include of a .cpp in src/ and jobs/ is the header of its name: NAME.h, or of NAME_part.cpp,
#            one of several files of one header (a class's functions by purpose, one CPU's form, one system's)
# built      every .cpp of src/, jobs/ and tests/ stands in a CMakeLists.txt
# length     no source file has more than 300 lines
# tests      every TEST has an expectation, or calls what has one
# records    JSON is read in src/contract and by the readers of foreign files, nowhere else
# finished   nothing is left undone in the text
#
# Exit codes: 0 nothing found, 1 something found, 2 wrong flag.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
readonly FORMAT_VERSION=14
with_tidy=no
for flag in "$@"; do
  case $flag in
    --tidy) with_tidy=yes ;;
    -h | --help) script_help; exit 0 ;;
    *) die "$EXIT_USAGE" "unknown flag $flag (expected --tidy)" ;;
  esac
done
cd "$RUNNER_ROOT"

# What git tracks and what it would, so that a new file is looked at before it is added.
mapfile -t sources < <(git ls-files -co --exclude-standard -- 'src/*' 'jobs/*' 'tests/*' 'bench/*' |
  grep -E '\.(cpp|h|cu)$' | while read -r file; do [ ! -f "$file" ] || echo "$file"; done)
[ ${#sources[@]} -gt 0 ] || die 1 "no sources found in $RUNNER_ROOT"
findings=0

# report CHECK: counts and prints the findings on stdin.
report() {
  local name=$1 count=0 line
  while IFS= read -r line; do
    say "$line"
    count=$((count + 1))
  done
  findings=$((findings + count))
  note "check: $name: $([ "$count" = 0 ] && echo fine || echo "$count found")"
}

# Versions of clang-format differ in what they want.
check_format() {
  local version
  version=$(clang-format --version 2>/dev/null | grep -oE 'version [0-9]+' | grep -oE '[0-9]+' || true)
  if [ "$version" != "$FORMAT_VERSION" ]; then
    note "check: format: skipped, ${version:+clang-format $version and }no clang-format $FORMAT_VERSION here"
    return
  fi
  report format < <(printf '%s\n' "${sources[@]}" | xargs clang-format --dry-run 2>&1 |
    sed -nE "s/^([^:]+:[0-9]+):[0-9]+: warning: .*/\1: clang-format would change this line/p")
}

check_shell() {
  if ! command -v shellcheck >/dev/null 2>&1; then
    note "check: shell: skipped, no shellcheck here"
    return
  fi
  report shell < <(find scripts -name '*.sh' | sort | xargs shellcheck --format=gcc .ci/run || true)
}

# The folder of a file, as layers.txt names it.
check_layers() {
  local files
  mapfile -t files < <(printf '%s\n' "${sources[@]}" | grep -E '^(src|jobs)/')
  report layers < <(awk '
    function folder(path,   part) { split(path, part, "/"); return part[1] == "src" ? "src/" part[2] : part[1] }
    FILENAME == table {
      if ($0 ~ /^#/ || NF == 0) next
      name = $1; sub(/:$/, "", name); known[name] = 1
      for (i = 2; i <= NF; ++i) allowed[name, $i] = 1
      next
    }
    /^#include "/ {
      split($0, quoted, "\""); split(quoted[2], part, "/")
      from = folder(FILENAME); to = part[1] == "jobs" ? "jobs" : "src/" part[1]
      if (!(from in known)) { print FILENAME ":" FNR ": " from " has no line in " table; next }
      if (from != to && to in known && !((from, to) in allowed))
        print FILENAME ":" FNR ": " from " may not include " to " (" table ")"
    }' table=scripts/layers.txt scripts/layers.txt "${files[@]}")
}

# What has no header of its own, since nothing of the project calls it by name.
is_entry_point() {
  case $1 in
    src/cli/main.cpp) ;;                            # called by the system
    jobs/*/plugin.cpp | jobs/plugin_version.cpp) ;; # found in a plug-in by src/worker/launch/worker.cpp
    *) return 1 ;;
  esac
}

check_headers() {
  local file name header first
  report headers < <(for file in "${sources[@]}"; do
    case $file in
      src/*.cpp | jobs/*.cpp) ;;
      *) continue ;;
    esac
    if is_entry_point "$file"; then continue; fi
    name=${file%.cpp}
    until [ -f "$name.h" ] || [[ ${name##*/} != *_* ]]; do name=${name%_*}; done
    header=${name#src/}.h
    if [ ! -f "$name.h" ]; then
      say "$file:1: has no header of its name, ${file%.cpp}.h"
      continue
    fi
    first=$(grep -nm1 '^#include' "$file" || say 1:)
    [ "${first#*:}" = "#include \"$header\"" ] || say "$file:${first%%:*}: the header of its name, $header, is not its first include"
  done)
}

check_built() {
  local file
  report built < <(for file in "${sources[@]}"; do
    case $file in
      *.cpp | *.cu) ;;
      *) continue ;;
    esac
    grep -rqF --include=CMakeLists.txt --include='*.cmake' "$(basename "$file")" src jobs tests bench cmake 2>/dev/null ||
      say "$file:1: no CMakeLists.txt names this file"
  done)
}

check_length() {
  report length < <(wc -l "${sources[@]}" | awk '$1 > 300 && $2 != "total" { print $2 ":" $1 ": more than 300 lines" }')
}

# A TEST expects something itself, or calls a function of the tests that does.
check_tests() {
  local files
  mapfile -t files < <(printf '%s\n' "${sources[@]}" | grep '^tests/')
  report tests < <(awk '
    function finish() { if (name != "" && !ok) print place ": " name " expects nothing"; name = "" }
    FNR == 1 { finish(); if (seen[FILENAME]++) pass = 2; else pass = 1; at = "" }
    /^TEST(_F|_P)?\(/ { at = "" }
    pass == 1 && !/^TEST/ && /^ *[A-Za-z].*[a-z_]\(.*(\{|,|\)) *$/ && !/;|^ *(if|for|while|return|else|switch|EXPECT|ASSERT)/ {
      at = $0; sub(/\(.*/, "", at); sub(/.*[^A-Za-z0-9_]/, "", at)
    }
    pass == 1 { if (at != "" && /EXPECT_|ASSERT_|FAIL\(/) asserts[at] = 1; next }
    /^TEST(_F|_P)?\(/ { finish(); name = $0; sub(/ *\{.*/, "", name); place = FILENAME ":" FNR; ok = 0 }
    name != "" && !ok {
      if (/EXPECT_|ASSERT_|FAIL\(|SUCCEED|expect_/) ok = 1
      else for (f in asserts) if (index($0, f "(")) { ok = 1; break }
    }
    END { finish() }' "${files[@]}" "${files[@]}")
}

# Members of JSON by their names; src/environment asks maps of variables in the same words.
check_records() {
  report records < <(printf '%s\n' "${sources[@]}" | grep -E '^(src|jobs)/' |
    grep -vE '^src/(contract|environment)/|^src/models/(files/|model_config|model_file)' |
    xargs grep -nE '\.(value|at|contains)\("|\["[a-z_]+"\]\.get<' /dev/null |
    sed -E 's/^([^:]+:[0-9]+):.*/\1: reads JSON by hand; src\/contract has the records/')
}

check_finished() {
  report finished < <(git grep -nIE '\b(TODO|FIXME|XXX|HACK)\b|not implemented' -- src jobs tests scripts configs docs README.md \
    ':!scripts/check.sh' ':!tests/scripts/check_script_test.cpp' | cut -c1-150 || true)
}

# Files as the build puts them together, several at a time, so that libtorch's headers are read once for all of them; in a
# configuration of its own, since clang cannot read GCC's precompiled headers. What clang has against those of others
# (it does not take libtorch 1.13's in C++20) is not told.
check_tidy() {
  if ! command -v run-clang-tidy >/dev/null 2>&1; then
    note "check: tidy: skipped, no clang-tidy here"
    return
  fi
  { cmake --preset tidy && cmake --build build/tidy --target runner_build_facts; } >/dev/null ||
    die 1 "--tidy needs what a build needs: scripts/setup.sh first"
  local told=build/tidy/clang-tidy.log
  run-clang-tidy -p build/tidy -quiet -j "$(build_jobs)" -extra-arg=-Wno-unknown-warning-option \
    -extra-arg=-Wno-unused-command-line-argument -extra-arg=-ferror-limit=0 \
    "^$RUNNER_ROOT/(build/tidy/)?(src|jobs)/" 2>/dev/null | sed -E $'s/\e\\[[0-9;]*m//g' >"$told" || true
  grep -qE '(^|[ /])clang-tidy' "$told" || die 1 "--tidy has read no file; see $told"
  report tidy < <(grep -E "^$RUNNER_ROOT/(src|jobs)/[^:]+:[0-9]+:[0-9]+: (warning|error): " "$told" |
    sed -E "s#^$RUNNER_ROOT/([^:]+:[0-9]+):[0-9]+: (warning|error)#\1#" | sort -u)
}

check_format
check_shell
check_layers
check_headers
check_built
check_length
check_tests
check_records
check_finished
[ "$with_tidy" = no ] || check_tidy
if [ "$findings" -gt 0 ]; then
  die 1 "$findings found in ${#sources[@]} files"
fi
say "check: nothing found in ${#sources[@]} files"
