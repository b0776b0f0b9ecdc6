#include "five_cat/prefix_forest.h"

#include "engines/cpu/model_weights.h"

namespace runner::lvm::five_cat {
namespace {

// The positional scalar by position, in the last column; of a model without one, nothing.
std::vector<float> features(const ModelSizes& sizes, std::int64_t length) {
  std::vector<float> out(static_cast<std::size_t>(length * sizes.input_dim()));
  if (sizes.positional_scalar == 0) return out;
  for (std::int64_t t = 1; t < length; ++t)
    out[static_cast<std::size_t>((t + 1) * sizes.input_dim() - 1)] = static_cast<float>(
        sizes.positional_scalar * static_cast<double>(t) / static_cast<double>(length - 1));
  return out;
}

}  // namespace

Forest::Forest(std::shared_ptr<Transformer> model)
    : Predictor(model, torch::kCPU), transformer_(std::move(model)) {}

void Forest::clear() {
  Predictor::clear();
  for (auto& position : nodes_) position.clear();
  predictions_ = torch::Tensor();
  if (decoder_) decoder_->clear();
}

void Forest::prepare(std::int64_t length) {
  const ModelSizes& sizes = transformer_->sizes();
  if (!decoder_ || decoder_->shape().context != length) {
    cpu::Shape shape = engine_shape(sizes, length);
    shape.dropout = 0;
    decoder_ =
        std::make_unique<cpu::PrefixDecoder>(shape, engine_precision(*transformer_), features(sizes, length));
    load_weights(*transformer_, *decoder_);
    nodes_.assign(static_cast<std::size_t>(length), {});
    predictions_ = torch::Tensor();
  }
  const auto known = decoder_->items();
  const auto fresh = torch::constant_pad_nd(items().slice(0, known), {0, sizes.input_dim() - sizes.width});
  decoder_->add_items(fresh.contiguous().data_ptr<float>(), fresh.size(0));
}

torch::Tensor Forest::predict(const torch::Tensor& sequences) {
  const torch::NoGradGuard no_grad;
  const auto rows = sequences.size(0), length = sequences.size(1);
  if (rows == 0) return torch::empty({0, transformer_->sizes().width});
  prepare(length);
  Numbers nodes(static_cast<std::size_t>(rows), 0);
  for (std::int64_t t = 0; t < length; ++t) {
    const auto column = sequences.select(1, t).contiguous();
    const auto* first = column.data_ptr<std::int64_t>();
    nodes = extend(t, nodes, {first, first + rows}, sequences);
  }
  return predictions_.index_select(0, torch::tensor(nodes, torch::kInt64));
}

// Position by position: contexts of all sequences at once would be T times as large.
torch::Tensor Forest::residual_base(const torch::Tensor& sequences) const {
  const auto shares = transformer_->residual()->shares(sequences.size(1));
  auto base = torch::zeros({sequences.size(0), transformer_->sizes().width});
  for (std::int64_t t = 0; t < shares.size(0); ++t)
    if (const auto share = shares[t].item<float>(); share != 0)
      base.add_(items().index_select(0, sequences.select(1, t)), share);
  return base;
}

Forest::Numbers Forest::extend(std::int64_t position, const Numbers& parents, const Numbers& items,
                               const torch::Tensor& sequences) {
  auto& known = nodes_[static_cast<std::size_t>(position)];
  Numbers numbers, new_parents, new_items, new_rows;
  for (std::size_t i = 0; i < parents.size(); ++i) {
    const auto key = static_cast<std::uint64_t>(parents[i]) << 32 | static_cast<std::uint64_t>(items[i]);
    const auto [found, is_new] = known.try_emplace(key, static_cast<std::int64_t>(known.size()));
    numbers.push_back(found->second);
    if (!is_new) continue;
    new_parents.push_back(parents[i]);
    new_items.push_back(items[i]);
    new_rows.push_back(static_cast<std::int64_t>(i));
  }
  const auto count = static_cast<std::int64_t>(new_items.size());
  if (position + 1 < static_cast<std::int64_t>(nodes_.size())) {
    decoder_->add_nodes(position, new_items.data(), new_parents.data(), count);
    return numbers;
  }
  auto raw = torch::empty({count, transformer_->sizes().width});
  decoder_->predict(new_items.data(), new_parents.data(), count, raw.data_ptr<float>());
  if (transformer_->residual()) {
    const auto rows = torch::tensor(new_rows, torch::kInt64);
    raw.add_(residual_base(sequences.index_select(0, rows)));
  }
  const auto fresh = normalised(raw).cos;
  predictions_ = predictions_.defined() ? torch::cat({predictions_, fresh}) : fresh;
  return numbers;
}

}  // namespace runner::lvm::five_cat
