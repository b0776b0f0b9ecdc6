#include "lvm/parity_data.h"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

namespace runner::lvm::parity {

namespace {

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot open " + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

template <class T>
T at(const std::string& bytes, std::size_t place) {
  T value;
  std::memcpy(&value, bytes.data() + place, sizeof value);
  return value;
}

// A stored .npy inside `bytes`.
torch::Tensor read_npy(const std::string& bytes, std::size_t start) {
  const std::size_t length = at<std::uint16_t>(bytes, start + 8);
  const std::string header = bytes.substr(start + 10, length);
  const auto type = header.find("'<i8'") != std::string::npos ? torch::kInt64 : torch::kFloat32;
  std::vector<std::int64_t> shape;
  for (const char* p = std::strchr(header.c_str(), '('); *p != ')';) {
    char* end = nullptr;
    const long long n = std::strtoll(p + 1, &end, 10);
    if (end != p + 1) shape.push_back(n);
    p = end != p + 1 ? end : p + 1;
  }
  auto tensor = torch::empty(shape, type);
  std::memcpy(tensor.data_ptr(), bytes.data() + start + 10 + length, tensor.nbytes());
  return tensor;
}

}  // namespace

std::string file(const std::string& name) {
  const char* folder = std::getenv("RUNNER_PARITY_DIR");
  return (folder ? std::string(folder) : std::string(RUNNER_SOURCE_DIR "/tests/fixtures/parity")) + "/" +
         name;
}

StateDict arrays(const std::string& name) {
  const std::string zip = slurp(file(name));
  const std::size_t end = zip.size() - 22;  // no comment in what NumPy writes
  std::size_t entry = at<std::uint32_t>(zip, end + 16);
  StateDict out;
  for (int i = 0; i < at<std::uint16_t>(zip, end + 10); ++i) {
    const std::size_t name_size = at<std::uint16_t>(zip, entry + 28);
    const std::size_t local = at<std::uint32_t>(zip, entry + 42);
    const std::size_t data =
        local + 30 + at<std::uint16_t>(zip, local + 26) + at<std::uint16_t>(zip, local + 28);
    out.emplace_back(zip.substr(entry + 46, name_size - 4), read_npy(zip, data));
    entry += 46 + name_size + at<std::uint16_t>(zip, entry + 30) + at<std::uint16_t>(zip, entry + 32);
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
  o.type = type;
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
