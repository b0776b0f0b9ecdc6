#!/usr/bin/env bash
# Builds one commit twice, in two folders, and compares every byte of what would be installed.
#
#   scripts/reproducible.sh [--launcher] [--package] [COMMIT]      COMMIT: HEAD
#
#   --launcher   only the program and its core library, which takes a tenth of the time
#   --package    the .deb of both as well
#
# Both builds are made from nothing, without ccache. SOURCE_DATE_EPOCH is the commit's time.
# Exit codes: 0 the same bytes, 1 they differ or a build failed, 2 wrong argument.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
target=product package=no commit=HEAD
for argument in "$@"; do
  case $argument in
    --launcher) target=runner ;;
    --package) package=yes ;;
    -h | --help) script_help; exit 0 ;;
    -*) die "$EXIT_USAGE" "unknown flag $argument (expected --launcher or --package)" ;;
    *) commit=$argument ;;
  esac
done
[ "$package$target" != yesrunner ] || die "$EXIT_USAGE" "--package needs every plug-in: leave --launcher out"
commit=$(git -C "$RUNNER_ROOT" rev-parse --verify "$commit^{commit}") || die "$EXIT_USAGE" "no such commit"
SOURCE_DATE_EPOCH=$(git -C "$RUNNER_ROOT" log -1 --format=%ct "$commit")
export SOURCE_DATE_EPOCH CCACHE_DISABLE=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

built() { # FOLDER: what is installed of it, a line each
  (cd "$1/build/release" && find . -maxdepth 1 \( -name runner -o -name 'librunner_*.so' -o -name '*.deb' \) | sort)
}

for name in one another_with_a_longer_name; do
  git clone -q --no-checkout "$RUNNER_ROOT" "$folder/$name"
  git -C "$folder/$name" checkout -q "$commit"
  (cd "$folder/$name" && cmake --preset release -DRUNNER_TESTS=OFF >configure.log 2>&1 &&
    cmake --build build/release --target "$target" --parallel "$(build_jobs)" >build.log 2>&1 &&
    if [ "$package" = yes ]; then cmake --build build/release --target package >package.log 2>&1; fi) ||
    { tail -n 30 "$folder/$name"/*.log >&2; die 1 "$name does not build"; }
done
differ=0
for file in $(built "$folder/one"); do
  a=$folder/one/build/release/$file b=$folder/another_with_a_longer_name/build/release/$file
  if cmp -s "$a" "$b"; then
    say "same    $(sha256sum "$a" | cut -c1-16)  ${file#./}"
  else
    say "differs ${file#./}"
    differ=1
  fi
done
exit "$differ"
