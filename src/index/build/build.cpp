#include "index/build/build.h"

#include <faiss/IndexIDMap.h>
#include <faiss/index_io.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>

#include "base/error.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/status.h"
#include "base/time.h"
#include "index/build/factory.h"
#include "index/build/faiss_watch.h"
#include "index/build/flat_writer.h"
#include "index/build/index_file.h"
#include "index/build/index_training.h"
#include "index/build/row_source.h"
#include "index/recall/tune.h"

namespace runner::ann {
namespace {

using Clock = std::chrono::steady_clock;

void stop_if_asked() {
  if (const int signal = stop_signal())
    throw Interrupted(signal, "stopped while building the index; the published one is as it was");
}

// Rows spread evenly over the input, in order, so that sequential inputs can be read too.
void train(faiss::Index& index, const InputRows& input, std::int64_t sample) {
  status::set_phase("train the index");
  spdlog::info("training with {} of {} rows", sample, input.rows());
  const std::int64_t width = input.width();
  const std::unique_ptr<float[]> rows(new float[static_cast<std::size_t>(sample * width)]);
  if (sample == input.rows()) {
    constexpr std::int64_t piece = 4096;
    for (std::int64_t first = 0; first < sample; first += piece) {
      const std::int64_t count = std::min(piece, sample - first);
      input.read(first, count, rows.get() + first * width);
      input.release(first, count);
    }
  } else {
    std::vector<std::int64_t> chosen(static_cast<std::size_t>(sample));
    for (std::int64_t i = 0; i < sample; ++i)
      chosen[static_cast<std::size_t>(i)] = static_cast<std::int64_t>(
          static_cast<double>(i) * static_cast<double>(input.rows()) / static_cast<double>(sample));
    input.gather(chosen, rows.get());
    input.release(0, input.rows());
  }
  stop_if_asked();
  train_watched(index, sample, rows.get());
}

// Graphs are slow to add to: their first batches are small, so that progress shows, and grow with the graph,
// since each costs a look at all of it. NSG is built in one go.
std::int64_t rows_after(const BuildSettings& settings, std::int64_t done, std::int64_t total) {
  const std::string words = "," + without_id_map(settings.factory);
  if (words.find(",NSG") != std::string::npos) return total;
  const std::int64_t most = std::min(settings.batch_rows, total - done);
  return words.find(",HNSW") == std::string::npos ? most
                                                  : std::min(most, std::max<std::int64_t>(1024, done / 4));
}

void add(faiss::Index& index, const InputRows& input, const BuildSettings& settings,
         const std::function<void(std::int64_t)>& progress) {
  status::set_phase("add to the index");
  if (progress) progress(0);
  std::vector<float> rows;
  for (std::int64_t first = 0, count = 0; first < input.rows(); first += count) {
    stop_if_asked();
    count = rows_after(settings, first, input.rows());
    rows.resize(static_cast<std::size_t>(count * input.width()));
    input.read(first, count, rows.data());
    input.release(first, count);
    if (settings.ids.empty())
      index.add(count, rows.data());
    else
      index.add_with_ids(count, rows.data(), settings.ids.data() + first);
    status::beat();
    if (progress) progress(first + count);
  }
}

// Empty, and trained: by `trained`, or now.
std::unique_ptr<faiss::Index> trained_index(const InputRows& input, const BuildSettings& settings) {
  if (!settings.trained.empty())
    return std::unique_ptr<faiss::Index>(faiss::read_index(settings.trained.c_str()));
  std::unique_ptr<faiss::Index> index = make_index(settings, input.width());
  const std::int64_t sample = rows_to_train(*index, input.rows(), settings.train_sample);
  if (sample > 0) train(*index, input, sample);
  return index;
}

BuildTimes build_with_faiss(const data::Vectors& vectors, const BuildSettings& settings,
                            const std::filesystem::path& path,
                            const std::function<void(std::int64_t)>& progress) {
  const auto start = Clock::now();
  const InputRows input(vectors, settings.normalize);
  const std::unique_ptr<faiss::Index> index = trained_index(input, settings);
  std::unique_ptr<faiss::IndexIDMap2> with_ids;
  if (!settings.ids.empty()) with_ids = std::make_unique<faiss::IndexIDMap2>(index.get());
  faiss::Index& whole = with_ids ? *with_ids : *index;
  add(whole, input, settings, progress);
  stop_if_asked();
  tune(*index, input, settings);
  status::set_phase("write the index");
  BuildTimes times;
  times.fsync_s = write_index_file(whole, path);
  times.build_s = seconds_since(start) - times.fsync_s;
  times.bytes = std::filesystem::file_size(path);
  return times;
}

FaissWords words_of(const BuildSettings& settings) {
  return {"FAISS cannot build '" + settings.factory + "'",
          "stopped while building the index; the published one is as it was",
          "take a smaller type, a smaller index.train_sample or index.batch_rows"};
}

}  // namespace

void check_values(const data::Vectors& vectors, const BuildSettings& settings) {
  status::set_phase("check values");
  const bool directed = settings.normalize || settings.metric == Metric::inner_product;
  vectors.check_values(
      true, [](std::int64_t) { status::beat(); }, directed ? data::Zeros::refused : data::Zeros::allowed);
}

BuildTimes build_index(const data::Vectors& vectors, const BuildSettings& settings,
                       const std::filesystem::path& file, const std::function<void(std::int64_t)>& progress) {
  if (is_flat(settings.factory)) {
    status::set_phase("build the index");
    return write_flat_index(vectors, {settings.metric, settings.normalize, settings.ids}, file, progress);
  }
  return in_our_words(words_of(settings),
                      [&] { return build_with_faiss(vectors, settings, file, progress); });
}

void train_index(const data::Vectors& vectors, const BuildSettings& settings,
                 const std::filesystem::path& file) {
  in_our_words(words_of(settings), [&] {
    write_index_file(*trained_index(InputRows(vectors, settings.normalize), settings), file);
  });
}

}  // namespace runner::ann
