#include "models/files/pt_writer.h"

#include "data/formats/zip/zip_writer.h"
#include "models/files/pickle_writer.h"

namespace runner::lvm {
namespace {

// Tensors in the order in which the pickle names them; a storage's key is its place.
struct Storages {
  std::vector<const float*> values;
  std::vector<std::int64_t> counts;

  void add(PickleWriter& pickle, const NamedArray& array) {
    pickle.float_tensor(std::to_string(values.size()), array.shape, array.count());
    values.push_back(array.values);
    counts.push_back(array.count());
  }
};

void write_model_state(PickleWriter& pickle, const PtContents& contents, Storages& storages) {
  pickle.text("model_state_dict");
  pickle.begin_ordered_dict();
  for (const NamedArray& array : contents.state) {
    pickle.text(array.name);
    storages.add(pickle, array);
  }
  pickle.end_dict();
}

void write_optimizer_state(PickleWriter& pickle, const PtContents& contents, Storages& storages,
                           const float* updates) {
  pickle.text("optimizer_state_dict");
  pickle.begin_dict();
  pickle.text("state");
  pickle.begin_dict();
  for (std::size_t i = 0; i < contents.exp_avg.size(); ++i) {
    pickle.integer(static_cast<std::int64_t>(i));
    pickle.begin_dict();
    pickle.text("step");
    storages.add(pickle, {"step", {}, updates});
    pickle.text("exp_avg");
    storages.add(pickle, contents.exp_avg[i]);
    pickle.text("exp_avg_sq");
    storages.add(pickle, contents.exp_avg_sq[i]);
    pickle.end_dict();
  }
  pickle.end_dict();
  pickle.text("param_groups");
  pickle.begin_list();
  pickle.begin_dict();
  for (const auto& [key, value] : contents.optimizer.items()) {
    pickle.text(key);
    pickle.json(value);
  }
  pickle.text("params");
  pickle.begin_list();
  for (std::size_t i = 0; i < contents.exp_avg.size(); ++i) pickle.integer(static_cast<std::int64_t>(i));
  pickle.end_list();
  pickle.end_dict();
  pickle.end_list();
  pickle.end_dict();
}

void add_entry(data::ZipWriter& zip, const std::string& name, const void* bytes, std::size_t size) {
  zip.begin(name, size, false);
  zip.append(bytes, size);
  zip.end();
}

}  // namespace

void write_pt(const std::filesystem::path& path, const PtContents& contents) {
  PickleWriter pickle;
  Storages storages;
  const float updates = static_cast<float>(contents.updates);
  pickle.begin_dict();
  pickle.text("epoch");
  pickle.integer(contents.epoch);
  pickle.text("model_type");
  pickle.text(contents.model_type);
  write_model_state(pickle, contents, storages);
  write_optimizer_state(pickle, contents, storages, &updates);
  pickle.text("val_loss");
  pickle.number(contents.val_loss);
  pickle.text("val_cosine");
  pickle.number(contents.val_cosine);
  pickle.text("model_config");
  pickle.json(contents.model_config);
  pickle.text("args");
  pickle.json(contents.args);
  pickle.end_dict();

  // PyTorch takes the archive's folder name from its first entry.
  data::ZipWriter zip(path);
  const std::string text = pickle.finish();
  add_entry(zip, "archive/data.pkl", text.data(), text.size());
  add_entry(zip, "archive/byteorder", "little", 6);
  for (std::size_t i = 0; i < storages.values.size(); ++i)
    add_entry(zip, "archive/data/" + std::to_string(i), storages.values[i],
              static_cast<std::size_t>(storages.counts[i]) * sizeof(float));
  add_entry(zip, "archive/version", "3\n", 2);
  zip.finish();
}

}  // namespace runner::lvm
