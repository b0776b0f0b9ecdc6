#include "index/build/estimate.h"

#include <limits>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "index/build/factory.h"
#include "index/build/factory_check.h"
#include "index/build/flat_writer.h"
#include "index/build/memory_limit.h"

namespace runner::ann {
namespace {

// Ids, a block a thread, the libraries themselves: measured, rounded up.
constexpr std::uint64_t base_memory = 150'000'000;

std::string bytes(std::uint64_t count) {
  return format_bytes(static_cast<double>(count));
}

}  // namespace

Needs estimate(const data::Vectors& vectors, const BuildSettings& settings,
               const std::filesystem::path& folder) {
  Needs needs;
  needs.rows = vectors.rows();
  needs.width = vectors.width();
  const bool trained = !settings.trained.empty();
  check_factory(without_id_map(settings.factory), needs.width,
                trained ? std::numeric_limits<std::int64_t>::max()
                        : std::min(needs.rows, settings.train_sample.value_or(needs.rows)));
  const std::unique_ptr<faiss::Index> index = make_index(settings, vectors.width());
  const auto rows = static_cast<double>(needs.rows), width = static_cast<double>(needs.width);
  const double ids = settings.ids.empty() ? 0 : rows * 8;
  if (is_flat(settings.factory)) {
    needs.index_bytes = flat_file_bytes(needs.rows, needs.width, !settings.ids.empty());
    needs.memory_bytes = base_memory + static_cast<std::uint64_t>(ids + rows * 8);
    needs.seconds = static_cast<double>(needs.index_bytes) / 1e9;
  } else {
    if (!trained) needs.train_rows = rows_to_train(*index, needs.rows, settings.train_sample);
    const double size = rows * bytes_per_row(*index) + fixed_bytes(*index) + ids;
    needs.index_bytes = static_cast<std::uint64_t>(size);
    // std::vector grows by doubling: while it copies, one and a half times the data is held on average.
    const double training = static_cast<double>(needs.train_rows) * width * 4 * 2;
    const double adding = size * 1.5 + static_cast<double>(settings.batch_rows) * width * 4 * 2 + ids;
    needs.memory_bytes = base_memory + static_cast<std::uint64_t>(std::max(training, adding));
    needs.seconds = rows * width / 2e7 + static_cast<double>(needs.train_rows) * width / 5e6;
  }
  needs.disk_free = free_disk(folder);
  needs.memory_free = available_memory();
  return needs;
}

void refuse_what_will_not_fit(const Needs& needs, const BuildSettings& settings,
                              const std::filesystem::path& folder) {
  if (needs.memory_bytes > needs.memory_free)
    throw RunError(
        fmt::format("{} of {} vectors of width {} needs about {} of memory, and {} are available: take a "
                    "smaller type (Flat is built in 150 MB; IVF…,PQ64 keeps 64 bytes a vector), a smaller "
                    "index.train_sample, or a larger machine",
                    settings.factory, needs.rows, needs.width, bytes(needs.memory_bytes),
                    bytes(needs.memory_free)),
        "index.factory");
  if (needs.index_bytes > needs.disk_free)
    throw RunError(
        fmt::format("the new index takes {} of disk beside the old one, and {} are free: make room, or lower "
                    "publish.keep after removing old versions",
                    bytes(needs.index_bytes), bytes(needs.disk_free)),
        folder.string());
}

}  // namespace runner::ann
