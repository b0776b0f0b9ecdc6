#!/usr/bin/env bash
# Sets up, builds, trains the P6b v2.3 transformer, says where the model is and how good it is.
#
#   scripts/train_transformer_p6b_v23.sh [DATA] [VAL] [OOD] [ARTICLES] [DEVICE] [flag of `runner train`]...
#
#   DATA       vectors or ready windows (.npz); the bundled sample without it
#   VAL OOD    windows to evaluate with 5CAT afterwards; "" leaves one out
#   ARTICLES   the vectors with article_indices and chunk_indices that 5CAT ranks among
#   DEVICE     auto (default), cpu, mps or cuda[:N]; the variable of that name does as well
#
# Examples: scripts/train_transformer_p6b_v23.sh
#           scripts/train_transformer_p6b_v23.sh my_vectors.npz "" "" "" cpu --epochs 3
# Exit codes: those of the runner; 5 when a gate is missed, with the model kept.
set -euo pipefail
export KMP_DUPLICATE_LIB_OK=TRUE
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
# shellcheck source=train_common.sh
. "$RUNNER_ROOT/scripts/train_common.sh"
case ${1:-} in -h | --help) script_help; exit 0 ;; esac
train_main transformer_p6b_v23 configs/p6b_v23.yaml "$@"
