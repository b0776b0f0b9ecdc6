#include "five_cat/predictor.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "engines/cpu/model_weights.h"
#include "five_cat/prefix_forest.h"

namespace runner::lvm::five_cat {

Predictor::Predictor(std::shared_ptr<Model> model, torch::Device device)
    : model_(std::move(model)), device_(device), width_(model_->sizes().width) {}

torch::Tensor Predictor::add_items(const torch::Tensor& vectors) {
  const auto rows = vectors.contiguous();
  const auto bytes = static_cast<std::size_t>(width_) * sizeof(float);
  auto numbers = torch::empty({rows.size(0)}, torch::kInt64);
  for (std::int64_t i = 0; i < rows.size(0); ++i) {
    const float* row = rows.data_ptr<float>() + i * width_;
    const auto hash = std::hash<std::string_view>{}({reinterpret_cast<const char*>(row), bytes});
    const auto [begin, end] = by_hash_.equal_range(hash);
    const auto found = std::find_if(begin, end, [&](const auto& entry) {
      return std::memcmp(values_.data() + entry.second * width_, row, bytes) == 0;
    });
    std::int64_t number = 0;
    if (found != end) {
      number = found->second;
    } else {
      number = static_cast<std::int64_t>(values_.size()) / width_;
      values_.insert(values_.end(), row, row + width_);
      by_hash_.emplace(hash, number);
    }
    numbers.data_ptr<std::int64_t>()[i] = number;
  }
  return numbers;
}

torch::Tensor Predictor::items() const {
  const auto count = static_cast<std::int64_t>(values_.size()) / width_;
  return torch::from_blob(const_cast<float*>(values_.data()), {count, width_}, torch::kFloat32);
}

torch::Tensor Predictor::predict(const torch::Tensor& sequences) {
  const torch::NoGradGuard no_grad;
  constexpr std::int64_t kRows =
      1024;  // sequences a product: large enough for BLAS, small enough for the caches
  std::vector<torch::Tensor> parts;
  for (std::int64_t first = 0; first < sequences.size(0); first += kRows) {
    const auto part = sequences.narrow(0, first, std::min(kRows, sequences.size(0) - first));
    const auto contexts =
        items().index_select(0, part.reshape({-1})).view({part.size(0), part.size(1), width_});
    parts.push_back(model_->forward(contexts.to(device_)).cos.cpu());
  }
  return parts.empty() ? torch::empty({0, width_}) : torch::cat(parts);
}

void Predictor::clear() {
  values_.clear();
  by_hash_.clear();
}

std::unique_ptr<Predictor> make_predictor(std::shared_ptr<Model> model, torch::Device device) {
  if (engine_misfit(*model, device).empty())
    return std::make_unique<Forest>(std::dynamic_pointer_cast<Transformer>(model));
  return std::make_unique<Predictor>(std::move(model), device);
}

}  // namespace runner::lvm::five_cat
