#include "five_cat/ablations.h"

#include <vector>

#include "data/samples/split.h"

namespace runner::lvm::five_cat {

namespace {

// Each row's items in an order drawn from the seed and the row's number.
torch::Tensor shuffle(const torch::Tensor& sequences, const Block& block, const torch::Tensor& members,
                      std::uint64_t seed) {
  const auto length = sequences.size(1);
  auto order = torch::empty_like(sequences);
  for (std::int64_t i = 0; i < sequences.size(0); ++i) {
    const Row& row = block.rows[static_cast<std::size_t>(members.data_ptr<std::int64_t>()[i])];
    const auto drawn =
        data::permutation(length, seed * 0x9E3779B97F4A7C15ULL + static_cast<std::uint64_t>(row.id));
    std::copy(drawn.begin(), drawn.end(), order.data_ptr<std::int64_t>() + i * length);
  }
  return sequences.gather(1, order);
}

}  // namespace

void Ablations::add(Predictor& predictor, const Block& block, std::uint64_t seed) {
  const auto members = block.members(&Row::c);
  if (members.size(0) == 0) return;
  const auto plain = block.sequences.index_select(0, members);
  const auto length = plain.size(1);
  const auto last = plain.narrow(1, length - 1, 1);

  // All damaged sequences in one prediction: [V, R, T].
  std::vector<torch::Tensor> variants = {
      shuffle(plain, block, members, seed), plain.flip(1), last.expand_as(plain).contiguous(),
      torch::cat({plain.narrow(1, 0, length - 1), plain.narrow(1, 0, 1)}, 1)};
  for (std::int64_t i = 0; i < length; ++i)  // item i left out, the last one appended again
    variants.push_back(torch::cat({plain.narrow(1, 0, i), plain.narrow(1, i + 1, length - 1 - i), last}, 1));
  const auto predictions = predictor.predict(torch::cat(variants));

  const auto targets = block.targets.index_select(0, members);
  const auto before = (block.predictions.index_select(0, members) * targets).sum(-1);
  const auto rows = members.size(0), width = targets.size(1);
  const auto change = (predictions.view({-1, rows, width}) * targets).sum(-1) - before;  // [V, R]
  shuffled.add(change[0]);
  reverse.add(change[1]);
  repeat_pad.add(change[2]);
  cross_article.add(change[3]);
  loo_avg.add(change.narrow(0, 4, length).mean(0));
}

void Ablations::write(NamedList<TestFigure>& out) const {
  out.emplace_back("C:shuffled", shuffled.value());
  out.emplace_back("C:reverse", reverse.value());
  out.emplace_back("C:loo_avg", loo_avg.value());
  out.emplace_back("C:repeat_pad", repeat_pad.value());
  out.emplace_back("C:cross_article", cross_article.value());
  out.emplace_back("C:samples", shuffled.count);
}

}  // namespace runner::lvm::five_cat
