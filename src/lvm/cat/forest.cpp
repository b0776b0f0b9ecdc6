#include "lvm/cat/forest.h"

#include <algorithm>
#include <cmath>

#include "lvm/cat/attend.h"

namespace runner::lvm::cat {

namespace {

torch::Tensor add_norm(const torch::Tensor& x, const torch::Tensor& part, const Norm& norm) {
  return layer_norm(x + part, norm.weight, norm.bias);
}

void append(torch::Tensor& all, const torch::Tensor& more) {
  all = all.defined() ? torch::cat({all, more}) : more;
}

}  // namespace

Forest::Forest(std::shared_ptr<Model> model, const Transformer& transformer, torch::Device device)
    : Predictor(std::move(model), device), transformer_(transformer) {}

void Forest::clear() {
  Predictor::clear();
  levels_.clear();
}

torch::Tensor Forest::predict(const torch::Tensor& sequences) {
  const torch::NoGradGuard no_grad;
  const auto rows = sequences.size(0), length = sequences.size(1);
  if (levels_.size() != static_cast<std::size_t>(length))
    levels_ = std::vector<Level>(static_cast<std::size_t>(length));
  std::vector<std::int64_t> nodes(static_cast<std::size_t>(rows), 0);
  for (std::int64_t t = 0; t < length; ++t) {
    const auto column = sequences.select(1, t).contiguous();
    const auto* first = column.data_ptr<std::int64_t>();
    nodes = extend(t, length, nodes, {first, first + rows});
  }
  return levels_.back().predictions.index_select(0, torch::tensor(nodes, torch::kInt64));
}

std::vector<std::int64_t> Forest::extend(std::int64_t t, std::int64_t length,
                                         const std::vector<std::int64_t>& parents,
                                         const std::vector<std::int64_t>& items) {
  Level& level = levels_[static_cast<std::size_t>(t)];
  level.ancestors.resize(static_cast<std::size_t>(t));
  std::vector<std::int64_t> numbers, new_items;
  std::vector<std::vector<std::int64_t>> new_ancestors(static_cast<std::size_t>(t));
  for (std::size_t i = 0; i < parents.size(); ++i) {
    const auto key = static_cast<std::uint64_t>(parents[i]) << 32 | static_cast<std::uint64_t>(items[i]);
    const auto next = static_cast<std::int64_t>(level.numbers.size());
    const auto [found, is_new] = level.numbers.try_emplace(key, next);
    numbers.push_back(found->second);
    if (!is_new) continue;
    new_items.push_back(items[i]);
    for (std::size_t s = 0; s < new_ancestors.size(); ++s) {
      const Level& before = levels_[static_cast<std::size_t>(t) - 1];
      const auto ancestor = s + 1 == new_ancestors.size()
                                ? parents[i]
                                : before.ancestors[s][static_cast<std::size_t>(parents[i])];
      new_ancestors[s].push_back(ancestor);
      level.ancestors[s].push_back(ancestor);
    }
  }
  constexpr std::int64_t kRows = 1024;  // nodes a product
  const auto wanted = this->items().index_select(0, torch::tensor(new_items, torch::kInt64));
  for (std::int64_t first = 0; first < wanted.size(0); first += kRows) {
    const auto count = std::min(kRows, wanted.size(0) - first);
    std::vector<torch::Tensor> ancestors;
    for (auto& list : new_ancestors)
      ancestors.push_back(torch::from_blob(list.data() + first, {count}, torch::kInt64).to(device_));
    compute(t, length, wanted.narrow(0, first, count).to(device_), ancestors);
  }
  return numbers;
}

// Weights are brought to the products' type once, not at each use.
torch::Tensor Forest::apply(const torch::Tensor& weight, const torch::Tensor& bias, const torch::Tensor& x) {
  const Compute& compute = transformer_.compute();
  if (!compute.bf16) return linear(x, weight, bias, compute);
  torch::Tensor& ready = ready_weights_[weight.data_ptr()];
  if (!ready.defined()) ready = weight.to(torch::kBFloat16);
  return linear(x, ready, bias, compute);
}

// The parts first … first+count-1 of an attention's stacked projection (queries, keys, values).
torch::Tensor Forest::project(const Attention& a, const torch::Tensor& x, std::int64_t first,
                              std::int64_t count) {
  const auto width = a.in_proj_weight.size(1);
  return apply(a.in_proj_weight.narrow(0, first * width, count * width),
               a.in_proj_bias.narrow(0, first * width, count * width), x);
}

torch::Tensor Forest::attend(const Attention& attention, const torch::Tensor& queries,
                             const torch::Tensor& own, std::vector<torch::Tensor> Level::*keys_values,
                             std::size_t layer, const std::vector<torch::Tensor>& ancestors) {
  const Linear& out = *attention.out_proj;
  if (device_.is_cpu()) {
    std::vector<KeysValues> seen;
    for (std::size_t s = 0; s < ancestors.size(); ++s)
      seen.push_back({(levels_[s].*keys_values)[layer], ancestors[s].data_ptr<std::int64_t>()});
    seen.push_back({own});
    return apply(out.weight, out.bias, attend_on_cpu(queries, seen, attention.heads));
  }
  std::vector<torch::Tensor> seen;
  for (std::size_t s = 0; s < ancestors.size(); ++s)
    seen.push_back((levels_[s].*keys_values)[layer].index_select(0, ancestors[s]));
  seen.push_back(own);
  const auto rows = queries.size(0), width = queries.size(1), heads = attention.heads;
  const auto places = static_cast<std::int64_t>(seen.size());
  // [M, S, 2, H, E/H] -> keys and values [M, H, S, E/H]
  const auto all = torch::stack(seen, 1).view({rows, places, 2, heads, width / heads});
  const auto keys = all.select(2, 0).transpose(1, 2), values = all.select(2, 1).transpose(1, 2);
  const double scale = 1.0 / std::sqrt(static_cast<double>(width / heads));
  const auto q = queries.reshape({rows, heads, 1, width / heads}) * scale;
  const auto weights = torch::softmax((q * keys).sum(-1).to(torch::kFloat32), -1);      // [M, H, S]
  const auto mixed = (weights.to(values.scalar_type()).unsqueeze(-1) * values).sum(2);  // [M, H, E/H]
  return apply(out.weight, out.bias, mixed.reshape({rows, width}));
}

void Forest::compute(std::int64_t t, std::int64_t length, torch::Tensor vectors,
                     const std::vector<torch::Tensor>& ancestors) {
  const bool last_place = t + 1 == length;
  Level& level = levels_[static_cast<std::size_t>(t)];
  const auto layer_count = transformer_.layers.size();
  level.self_keys_values.resize(layer_count);
  level.memory_keys_values.resize(layer_count);
  if (const double s = transformer_.sizes().positional_scalar; s != 0) {
    const double place = length > 1 ? s * static_cast<double>(t) / static_cast<double>(length - 1) : 0;
    vectors = torch::cat({vectors, torch::full({vectors.size(0), 1}, place, vectors.options())}, 1);
  }
  const auto memory = apply(transformer_.input_proj->weight, transformer_.input_proj->bias, vectors) +
                      transformer_.position_table.select(1, t);
  const auto width = memory.size(1);
  auto x = memory;
  for (std::size_t l = 0; l < layer_count; ++l) {
    const DecoderLayer& layer = *transformer_.layers[l];
    const auto memory_kv = project(*layer.multihead_attn, memory, 1, 2);
    const bool keys_only = l + 1 == layer_count && !last_place;  // nobody reads this row's output
    const auto qkv = project(*layer.self_attn, x, keys_only ? 1 : 0, keys_only ? 2 : 3);
    const auto self_kv = keys_only ? qkv : qkv.narrow(1, width, 2 * width);
    if (!last_place) {
      append(level.self_keys_values[l], self_kv.contiguous());
      append(level.memory_keys_values[l], memory_kv);
    }
    if (keys_only) return;
    const auto queries = qkv.narrow(1, 0, width);
    x = add_norm(x, attend(*layer.self_attn, queries, self_kv, &Level::self_keys_values, l, ancestors),
                 *layer.norm1);
    const auto cross = project(*layer.multihead_attn, x, 0, 1);
    x = add_norm(x, attend(*layer.multihead_attn, cross, memory_kv, &Level::memory_keys_values, l, ancestors),
                 *layer.norm2);
    const auto inner = torch::relu(apply(layer.linear1->weight, layer.linear1->bias, x));
    x = add_norm(x, apply(layer.linear2->weight, layer.linear2->bias, inner), *layer.norm3);
  }
  x = torch::gelu(apply(transformer_.head0->weight, transformer_.head0->bias, x));
  x = layer_norm(x, transformer_.head2->weight, transformer_.head2->bias);
  append(level.predictions,
         normalised(apply(transformer_.head3->weight, transformer_.head3->bias, x)).cos.cpu());
}

}  // namespace runner::lvm::cat
