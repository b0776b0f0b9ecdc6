#include "five_cat/split_sums.h"

namespace runner::lvm::five_cat {

SplitSums::SplitSums(const Options& options, const std::vector<Baseline>& baselines)
    : options_(options), d_(options.horizon), figures_(baselines) {}

void SplitSums::add(Predictor& predictor, const Articles& articles, const data::SampleSource& source,
                    const Block& block) {
  a_.add(articles, block);
  b_.add(articles, block);
  c_.add(predictor, block, options_.seed);
  d_.add(predictor, articles, block, options_.legacy);
  e_.add(block);
  figures_.add(articles, source, block);
}

void SplitSums::means(auto& self, auto visit) {
  Offsets::means(self.a_, visit);
  Retrieval::means(self.b_, visit);
  Ablations::means(self.c_, visit);
  Rollout::means(self.d_, visit);
  Coherence::means(self.e_, visit);
}

std::vector<double> SplitSums::values() const {
  std::vector<double> values = figures_.values();
  means(*this, [&values](const Mean& mean) {
    values.push_back(mean.sum);
    values.push_back(static_cast<double>(mean.count));
  });
  return values;
}

void SplitSums::set_values(const std::vector<double>& values, std::int64_t context) {
  auto at = values.begin() + static_cast<std::ptrdiff_t>(figures_.values().size());
  figures_.set_values({values.begin(), at}, context);
  means(*this, [&at](Mean& mean) {
    mean.sum = *at++;
    mean.count = static_cast<std::int64_t>(*at++);
  });
}

SplitReport SplitSums::report() const {
  SplitReport out;
  a_.write(out.tests, options_.legacy);
  b_.write(out.tests);
  c_.write(out.tests);
  d_.write(out.tests, options_.target_offset);
  e_.write(out.tests);
  figures_.write(out);
  return out;
}

}  // namespace runner::lvm::five_cat
