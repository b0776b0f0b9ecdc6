#include "report/epoch_rows.h"

#include "base/log.h"
#include "report/block.h"
#include "report/figures_text.h"

namespace runner::report {
namespace {

Table epoch_table(std::size_t width) {
  return {{{"  epoch", 7, 99},
           {"train loss", 11, 9},
           {"cosine", 8, 3},
           {"val loss", 9, 10},
           {"cosine", 8, 12},
           {"gain", 8, 11},
           {"margin", 8, 8},
           {"R@1", 6, 1},
           {"R@5", 6, 4},
           {"new@1", 6, 2},
           {"new@5", 6, 7},
           {"lr", 8, 5},
           {"/s", 7, 6}},
          width};
}

}  // namespace

std::string epoch_heading(std::size_t width) {
  return epoch_table(width).heading();
}

std::string epoch_row(const EpochRecord& epoch, bool best, std::size_t width) {
  const NamedList<double> numbers = numbers_of(epoch);
  const auto told = [&](const char* key, int digits) { return figure(numbers, key, digits); };
  return epoch_table(width).row({fmt::format("{} {:>5}", best ? '*' : ' ', epoch.epoch),
                                 told("train_loss", 6), told("train_cosine", 4), told("val_loss", 6),
                                 told("val_cosine", 4), told("gain", 4), told("margin", 4), told("r_at_1", 3),
                                 told("r_at_5", 3), told("new_r_at_1", 3), told("new_r_at_5", 3),
                                 fmt::format("{:.1e}", epoch.lr), told("samples_per_second", 0)});
}

}  // namespace runner::report
