#!/usr/bin/env bash
# Builds, verifies and publishes a FAISS index from a file of vectors, with the old tool's flags.
#
#   scripts/build_faiss_index.sh --npz FILE --output FILE [flag]...
#
#   --npz, --input FILE     the vectors (may be repeated)
#   --output FILE           the index; a build that fails leaves the old one in place
#   --nlist N               inverted lists: builds IVFN,Flat instead of the exact Flat
#   --nprobe N              lists searched (with --nlist)
#   --factory TEXT          any FAISS factory string: Flat, HNSW32, IVF2048,PQ64
#   --metric ip|l2          inner product of unit vectors (default), or L2 of the vectors as they are
#   --no-normalize          keep the vectors' lengths
# Every other flag goes to `runner index` as it is (--force, --json, --quiet). Exit codes: those of the runner.
set -euo pipefail
export KMP_DUPLICATE_LIB_OK=TRUE
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

config=$RUNNER_ROOT/configs/index_flat_ip.yaml
arguments=()
set_key() { arguments+=(--set "$1=$2"); }
while [ $# -gt 0 ]; do
  flag=$1
  case $flag in
    -h | --help) script_help; exit 0 ;;
    --no-normalize) set_key input.normalize false; shift; continue ;;
    --npz | --input | --output | --nlist | --nprobe | --factory | --metric)
      [ $# -ge 2 ] || die "$EXIT_USAGE" "$flag needs a value" ;;
    *) arguments+=("$flag"); shift; continue ;;
  esac
  case $flag in
    --npz | --input) arguments+=(--npz "$2") ;;
    --output) arguments+=(--output "$2") ;;
    --nlist) set_key index.factory "IVF$2,Flat" ;;
    --nprobe) set_key index.nprobe "$2" ;;
    --factory) set_key index.factory "$2" ;;
    --metric)
      case $2 in
        ip | inner_product) set_key index.metric inner_product ;;
        l2 | L2) set_key index.metric l2; set_key input.normalize false ;;
        *) die "$EXIT_USAGE" "--metric $2: expected ip or l2" ;;
      esac ;;
  esac
  shift 2
done
ensure_runner
runner=$(find_runner)
exec "$runner" index "$config" ${arguments[@]+"${arguments[@]}"}
