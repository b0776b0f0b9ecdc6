// What the ranks of a run tell each other beside its steps.
#include "training/trainer.h"

#include "base/error.h"
#include "base/json_parse.h"
#include "base/json_text.h"

namespace runner::lvm {
namespace {

// What comes before a checkpoint's tensors: its state and their sizes, or what is wrong with it.
struct CheckpointHead {
  std::optional<TrainerState> state;
  NamedList<std::uint64_t> tensors;  // name -> floats
  std::string damage, place;

  static void fields(auto& self, auto& field) {
    field("state", self.state);
    field("tensors", self.tensors);
    field("damage", self.damage);
    field("place", self.place);
  }
};

CheckpointHead head_of(const Checkpoint& checkpoint) {
  CheckpointHead head;
  head.state = checkpoint.state;
  for (const CheckpointTensor& tensor : checkpoint.tensors)
    head.tensors.emplace_back(tensor.name, tensor.values.size());
  return head;
}

}  // namespace

Checkpoint Trainer::read_for_all(const std::filesystem::path& folder) {
  if (!parts_.group) return read_checkpoint(folder);
  ranks::Group& group = *parts_.group;
  Checkpoint checkpoint;
  CheckpointHead head;
  if (group.leads()) {
    try {
      checkpoint = read_checkpoint(folder);
      head = head_of(checkpoint);
    } catch (const DataError& error) {
      head.damage = error.what();
      head.place = error.place();
    }
  }
  const std::string place = "rank 0's checkpoint";
  head = record_from<CheckpointHead>(
      parse_json(group.broadcast(json_message(head)), place, {std::size_t{1} << 40, 256}), place);
  if (!head.state) throw DataError(head.damage, head.place);
  checkpoint.state = *head.state;
  if (!group.leads())
    for (const auto& [name, count] : head.tensors)
      checkpoint.tensors.push_back({name, std::vector<float>(count)});
  for (CheckpointTensor& tensor : checkpoint.tensors)
    group.broadcast(
        torch::from_blob(tensor.values.data(), {static_cast<std::int64_t>(tensor.values.size())}));
  return checkpoint;
}

}  // namespace runner::lvm
