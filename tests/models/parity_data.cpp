#include "models/parity_data.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "data/formats/convert.h"
#include "data/formats/numpy/npz.h"
#include "models/state_dict.h"

namespace runner::lvm::parity {

namespace {

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot open " + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

std::string file(const std::string& name) {
  const char* folder = std::getenv("RUNNER_PARITY_DIR");
  return (folder ? std::string(folder) : std::string(RUNNER_SOURCE_DIR "/tests/fixtures/parity")) + "/" +
         name;
}

StateDict arrays(const std::string& name) {
  const data::Npz npz(file(name));
  StateDict out;
  for (const auto& key : npz.names()) {
    const auto stored = npz.array(key);
    if (!data::is_floating(stored.header.dtype)) continue;
    auto tensor = torch::empty(stored.header.shape, torch::kFloat32);
    const std::string bytes = data::read_bytes(stored);
    data::to_float(stored.header.dtype, reinterpret_cast<const std::byte*>(bytes.data()), stored.header.count,
                   tensor.data_ptr<float>());
    out.emplace_back(key, tensor);
  }
  return out;
}

torch::Tensor array(const StateDict& all, const std::string& name) {
  for (const auto& [key, value] : all)
    if (key == name) return value;
  throw std::runtime_error("no array " + name);
}

const Json& trajectories() {
  static const Json all = Json::parse(slurp(file("trajectories.json")));
  return all;
}

ModelSizes sizes(const std::string& type) {
  const Json& meta = trajectories().at("meta");
  const auto init = arrays("init_" + type + ".npz");
  ModelOptions o;
  o.type = from_word<ModelType>(type).value();
  o.dropout = 0;
  const auto rows = [&](const char* name) { return array(init, name).size(0); };
  if (type == "transformer") {
    o.d_model = meta.at("d_model").get<std::int64_t>();
    o.heads = meta.at("nhead").get<std::int64_t>();
    o.layers = meta.at("num_layers").get<std::int64_t>();
    o.feedforward = rows("transformer_decoder.layers.0.linear1.weight");
  } else if (type == "lstm") {
    o.hidden = array(init, "lstm.weight_hh_l0").size(1);
    o.layers = meta.at("num_layers").get<std::int64_t>();
  } else if (type == "gru") {
    o.d_model = rows("input_proj.weight");
    o.layers = meta.at("num_layers").get<std::int64_t>();
  } else {
    o.dropout.reset();
    o.d_model = rows("context_encoder.weight");
    o.hidden = rows("residual_net.0.weight");
  }
  return model_sizes(o, meta.at("dim").get<std::int64_t>());
}

std::shared_ptr<Model> model(const std::string& type, const std::string& weights) {
  auto made = make_model(sizes(type), 1);
  load_state_dict(*made, arrays(weights), weights);
  made->eval();
  return made;
}

}  // namespace runner::lvm::parity
