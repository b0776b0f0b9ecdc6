#pragma once
// A checkpoint: a folder with state.json and tensors.bin, complete or not there at all. Everything that a run
// needs to go on bit for bit; nothing random is in it, since a step's randomness follows from the seed and
// its number.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "training/trainer_state.h"

namespace runner::lvm {

struct CheckpointTensor {
  std::string name;  // "weights", "exp_avg", "exp_avg_sq"
  std::vector<float> values;
};

struct Checkpoint {
  TrainerState state;
  std::vector<CheckpointTensor> tensors;
};

// Writes FOLDER/step-000500 under a temporary name, flushes, renames. Throws RunError. An existing one is
// replaced.
void write_checkpoint(const std::filesystem::path& target, const Checkpoint& checkpoint);
// Throws DataError naming what is damaged: a missing file, a size or hash that differs, unreadable JSON. With
// `only`, all is verified but just that tensor kept.
Checkpoint read_checkpoint(const std::filesystem::path& folder, const std::string& only = "");
// Verifies everything as read_checkpoint does, keeping only the state.
TrainerState verify_checkpoint(const std::filesystem::path& folder);
// Only state.json, verified; the tensors are not looked at.
TrainerState read_checkpoint_state(const std::filesystem::path& folder);

// The checkpoints FOLDER/step-*, newest (highest step) first.
std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& folder);
// "step-000500", "best-000500".
std::string checkpoint_name(const char* kind, std::int64_t step);
// The newest that reads without damage; damaged ones are warned about by name. Nothing when there is none.
struct FoundCheckpoint {
  std::filesystem::path folder;
  TrainerState state;
};
std::optional<FoundCheckpoint> newest_valid_checkpoint(const std::filesystem::path& folder);

// Keeps the newest `keep` of step-*, and the best-* that they refer to ("best_step" of their state) or that
// is `current_best`; removes the others.
void prune_checkpoints(const std::filesystem::path& folder, std::int64_t keep, std::int64_t current_best);
// After a kill: half-written checkpoints go, and one that was making way for its successor comes back. Only
// while nobody writes into FOLDER.
void recover_checkpoints(const std::filesystem::path& folder);
std::uintmax_t checkpoint_bytes(const std::filesystem::path& folder);  // of all checkpoints

}  // namespace runner::lvm
