#!/usr/bin/env bash
# Cuts a file of vectors into training windows, with the old tools' flags.
#
#   scripts/create_training_sequences.sh --npz FILE --output FILE [flag]...
#
#   --npz, --input FILE             vectors, article_indices, chunk_indices (may be repeated)
#   --output FILE                   the windows: context_sequences, target_vectors, article_ids, target_indices
#   --context-size, --context-len N context vectors a window (5)
#   --target-offset N               1: the next vector (default); 2: P6, the one after it
#   --exclude-articles LIST         ranges of article numbers left out: 1500-1999,7000-7499
#   --min-article-chunks N          leave out shorter articles
#   --legacy                        windows may cross articles, as the old tools cut them
#   --legacy-metadata               also write the metadata array that the old tools read
#   --compress                      deflate the output
# Every other flag goes to `runner sequences` as it is. Exit codes: those of the runner.
set -euo pipefail
export KMP_DUPLICATE_LIB_OK=TRUE
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

config=$RUNNER_ROOT/configs/sequences_ctx5.yaml
arguments=()
set_key() { arguments+=(--set "$1=$2"); }
while [ $# -gt 0 ]; do
  flag=$1
  case $flag in
    -h | --help) script_help; exit 0 ;;
    --legacy) set_key within_article false; shift; continue ;;
    --compress) set_key compress true; shift; continue ;;
    --legacy-metadata) arguments+=("$flag"); shift; continue ;;
    --npz | --input | --output | --context-size | --context-len | --target-offset | --exclude-articles | --min-article-chunks)
      [ $# -ge 2 ] || die "$EXIT_USAGE" "$flag needs a value" ;;
    *) arguments+=("$flag"); shift; continue ;;
  esac
  case $flag in
    --npz | --input) arguments+=(--npz "$2") ;;
    --output) arguments+=(--output "$2") ;;
    --context-size | --context-len) arguments+=(--context-size "$2") ;;
    --target-offset) set_key target_offset "$2" ;;
    --exclude-articles) set_key exclude_articles "[\"${2//,/\", \"}\"]" ;;
    --min-article-chunks) set_key min_article_length "$2" ;;
  esac
  shift 2
done
ensure_runner
runner=$(find_runner)
exec "$runner" sequences "$config" ${arguments[@]+"${arguments[@]}"}
