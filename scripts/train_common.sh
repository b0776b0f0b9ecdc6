# shellcheck shell=bash
# What the training scripts share: set up, build, train, say where the model is and how good it is, evaluate.
# Source it after common.sh.

# Reads the old launchers' arguments into train_data, train_val, train_ood, train_articles, train_device and `rest`, which
# goes to `runner train` as it is. The variable DEVICE counts where no argument names a device. The first argument that starts with "-" ends the positional ones.
read_train_arguments() {
  local place=0
  train_data='' train_val='' train_ood='' train_articles='' train_device=${DEVICE:-} rest=()
  while [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; do
    case $place in
      0) train_data=$(absolute "$1") ;;
      1) train_val=$(absolute "$1") ;;
      2) train_ood=$(absolute "$1") ;;
      3) train_articles=$(absolute "$1") ;;
      4) train_device=${1:-$train_device} ;;
      *) die "$EXIT_USAGE" "too many arguments: $1 (expected [DATA] [VAL] [OOD] [ARTICLES] [DEVICE] and then flags)" ;;
    esac
    place=$((place + 1))
    shift
  done
  while [ $# -gt 0 ]; do
    case $1 in
      --train-npz | --npz) [ $# -ge 2 ] || die "$EXIT_USAGE" "$1 needs a file"; train_data=$(absolute "$2"); shift 2 ;;
      --val-npz) [ $# -ge 2 ] || die "$EXIT_USAGE" "$1 needs a file"; train_val=$(absolute "$2"); shift 2 ;;
      --ood-npz) [ $# -ge 2 ] || die "$EXIT_USAGE" "$1 needs a file"; train_ood=$(absolute "$2"); shift 2 ;;
      --articles-npz) [ $# -ge 2 ] || die "$EXIT_USAGE" "$1 needs a file"; train_articles=$(absolute "$2"); shift 2 ;;
      --device) [ $# -ge 2 ] || die "$EXIT_USAGE" "$1 needs a device"; train_device=$2; shift 2 ;;
      --device=*) train_device=${1#*=}; shift ;;
      --output) [ $# -ge 2 ] || die "$EXIT_USAGE" "$1 needs a folder"; train_output=$(absolute "$2"); shift 2 ;;
      --output=*) train_output=$(absolute "${1#*=}"); shift ;;
      *) rest+=("$1"); shift ;;
    esac
  done
  local file
  for file in "$train_data" "$train_val" "$train_ood" "$train_articles"; do
    [ -z "$file" ] || [ -f "$file" ] || die "$EXIT_USAGE" "$file: no such file"
  done
}

# One side of the evaluation as YAML: ready windows, or vectors whose last articles the run kept for validation.
eval_side() { # eval_side NAME FILE
  if holds_sequences "$2"; then
    printf '%s: {sequences: "%s"}\n' "$1" "$2"
  else
    printf '%s: {vectors: "%s"}\n' "$1" "$2"
  fi
}

# 5CAT on what was given. Returns 5 when a gate fails.
evaluate() {
  local articles=$train_articles config=$train_output/eval_5cat.yaml
  if [ -z "$articles" ] && [ -n "$train_data" ] && ! holds_sequences "$train_data"; then articles=$train_data; fi
  if [ -z "$articles" ]; then
    note "5CAT left out: it needs ARTICLES, the file with vectors, article_indices and chunk_indices (4th argument)"
    return 0
  fi
  {
    printf 'job: eval\nmodel: "%s"\narticles: "%s"\noutput: "%s"\n' "$train_output" "$articles" "$train_output/eval_5cat.json"
    if [ -n "$train_val" ]; then eval_side val "$train_val"; fi
    if [ -n "$train_ood" ]; then eval_side ood "$train_ood"; fi
    if [ -z "$train_val$train_ood" ]; then printf 'val: {vectors: "%s", articles: validation}\n' "$articles"; fi
  } >"$config"
  "$runner" eval "$config"
}

# The best epoch's figures, from the training history. What was not computed is left out.
best_figures() {
  local history=$train_output/training_history.json best key text
  # The line of the lowest loss; lines of epochs without one are empty.
  best=$("$runner" json "$history" 'history.*.val_loss' | awk 'NF && (best == "" || $1 + 0 < least) { best = NR - 1; least = $1 + 0 } END { print best }') || true
  [ -n "$best" ] || return 0
  for key in gain margin r_at_1 r_at_5 new_r_at_1 new_r_at_5; do
    text=$("$runner" json "$history" "history.$best.$key")
    [ -z "$text" ] || printf ', %s %.4f' "$key" "$text"
  done
}

# value KEY: one of the run's result; "" when it is not there.
value() { printf '%s' "${result:-{\}}" | "$runner" json - "$1"; }

# The baselines that the model is compared with, and what to do when it is below one of them.
comparison() {
  local name cosine advice
  for name in copy_last context_mean weighted_mean; do
    cosine=$(value "baselines.$name.val_cosine")
    [ -z "$cosine" ] || printf ' %s %.4f' "$name" "$cosine"
  done
  advice=$(value advice)
  [ -z "$advice" ] || printf '\n%s' "$advice"
}

# figure KEY FORMAT: one value of the run's result.
figure() {
  local text
  text=$(value "$1")
  [ -n "$text" ] || { printf '–'; return; }
  # shellcheck disable=SC2059  # the format is ours
  printf "$2" "$text"
}

# train_main NAME CONFIG ARGUMENT...: exits with the runner's code; 5 when a 5CAT gate fails.
train_main() {
  local name=$1 config=$2 code=0 result
  shift 2
  train_output=''
  read_train_arguments "$@"
  cd "$RUNNER_ROOT" || exit 1
  ensure_runner
  runner=$(find_runner)
  [ -n "$train_output" ] || train_output=$RUNNER_ROOT/artifacts/lvm/models/${name}_$(date +%Y%m%d_%H%M%S)
  [ -z "$train_data" ] || rest=(--npz "$train_data" ${rest[@]+"${rest[@]}"})
  [ -z "$train_device" ] || rest=(--device "$train_device" ${rest[@]+"${rest[@]}"})

  result=$("$runner" train "$config" --output "$train_output" --json ${rest[@]+"${rest[@]}"}) || code=$?
  [ -f "$train_output/best_model.pt" ] || exit "$code"  # why is said already
  say ""
  say "model: $train_output/best_model.pt"
  say "quality: validation cosine $(figure best_val_cosine %.4f), loss $(figure best_val_loss %.6f)$(best_figures)"
  say "baselines, validation cosine:$(comparison)"
  say "speed: $(figure samples_per_second %.0f) samples/s on $(figure device %s), $(figure precision %s); $(figure epochs %s) epochs in $(figure wall_s %.0f) s"
  [ "$code" -eq 0 ] || exit "$code"
  if [ -n "$train_val$train_ood$train_articles" ]; then
    evaluate || code=$?
    say "5CAT: $train_output/eval_5cat.json"
    [ "$code" -ne "$EXIT_GATE" ] || say "Some 5CAT gates were missed (exit code $EXIT_GATE). The model is kept; the recipe's reference run misses three of them too."
  fi
  exit "$code"
}
