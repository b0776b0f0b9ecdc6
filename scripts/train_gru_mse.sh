#!/usr/bin/env bash
# Sets up, builds, trains the GRU on the mean squared error alone, says where the model is and how good it is.
#
#   scripts/train_gru_mse.sh [DATA] [VAL] [OOD] [ARTICLES] [DEVICE] [flag of `runner train`]...
#
# The arguments are those of train_transformer_p6b_v23.sh. Exit codes: those of the runner; 5 when a gate is missed, with
# the model kept.
set -euo pipefail
export KMP_DUPLICATE_LIB_OK=TRUE
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
# shellcheck source=train_common.sh
. "$RUNNER_ROOT/scripts/train_common.sh"
case ${1:-} in -h | --help) script_help; exit 0 ;; esac
train_main gru_mse configs/mse_gru.yaml "$@"
