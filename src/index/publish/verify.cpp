#include "index/publish/verify.h"

#include <faiss/IndexIDMap.h>
#include <faiss/index_io.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/status.h"
#include "data/content_hash.h"
#include "index/build/faiss_watch.h"
#include "index/exact_search/exact_search.h"
#include "index/reading/mapped_index.h"
#include "index/recall/recall.h"

namespace runner::ann {
namespace {

// FAISS reads a Flat index whole into memory: beyond this size we scan it ourselves.
constexpr std::uint64_t small_file = 64'000'000;

std::string checksum(const float* vectors, std::size_t count) {
  data::ContentHash hash;
  hash.update(vectors, count * sizeof(float));
  return hash.hex();
}

void expect_size(const std::filesystem::path& file, std::int64_t rows, std::int64_t width,
                 const data::Vectors& vectors) {
  if (rows != vectors.rows() || width != vectors.width())
    throw RunError(
        fmt::format("the file holds {} vectors of width {}, and {} of width {} were to be in it; nothing was "
                    "published",
                    rows, width, vectors.rows(), vectors.width()),
        file.string());
}

// Sampled rows and ids of the file, byte by byte.
void compare_rows(const MappedIndex& index, const Sample& sample, const BuildSettings& build,
                  const std::string& place) {
  const auto width = static_cast<std::size_t>(index.width());
  std::vector<float> stored(sample.vectors.size());
  for (std::size_t i = 0; i < sample.rows.size(); ++i) {
    const std::int64_t row = sample.rows[i];
    std::memcpy(stored.data() + i * width, index.mapped(row, 1), width * sizeof(float));
    index.release(row, 1);
    if (!build.ids.empty() && index.id(row) != build.ids[static_cast<std::size_t>(row)])
      throw RunError(fmt::format("row {} has id {} and was to have {}; nothing was published", row,
                                 index.id(row), build.ids[static_cast<std::size_t>(row)]),
                     place);
  }
  const std::string expected = checksum(sample.vectors.data(), sample.vectors.size()),
                    found = checksum(stored.data(), stored.size());
  if (expected != found)
    throw RunError(
        fmt::format("checksum {} of {} sampled rows differs from the input's, {}: the disk or memory damages "
                    "data; nothing was published",
                    found, sample.rows.size(), expected),
        place);
}

// Shows how many rows the sampled ones have been compared with.
class Verified {
 public:
  explicit Verified(std::int64_t rows) : progress_(std::make_shared<Progress>("verify", rows, "rows")) {}
  void operator()(std::int64_t done) const { progress_->update(done); }

 private:
  std::shared_ptr<Progress> progress_;
};

Verification verify_flat(const std::filesystem::path& file, const data::Vectors& vectors,
                         const BuildSettings& build, const Sample& sample) {
  const auto index = MappedIndex::open(file, true);
  if (!index)
    throw RunError("FAISS's header of a Flat index is not there; nothing was published", file.string());
  expect_size(file, index->rows(), index->width(), vectors);
  if (index->layout().metric != build.metric)
    throw RunError("the file has another metric; nothing was published", file.string());
  compare_rows(*index, sample, build, file.string());
  Verification result;
  result.exact = true;
  const auto n = static_cast<std::int64_t>(sample.rows.size());
  const Neighbours found =
      exact_search(*index, build.metric, sample.vectors.data(), n, 1, Verified(vectors.rows() * passes(n)));
  result.self_recall = share_found(sample, build.metric, index->width(), found.scores);
  if (index->layout().file_bytes > small_file) return result;
  // FAISS must read the same from it.
  const std::unique_ptr<faiss::Index> theirs(faiss::read_index(file.c_str()));
  expect_size(file, theirs->ntotal, theirs->d, vectors);
  std::vector<float> scores(static_cast<std::size_t>(n));
  std::vector<std::int64_t> ids(static_cast<std::size_t>(n));
  theirs->search(n, sample.vectors.data(), 1, scores.data(), ids.data());
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (std::abs(scores[i] - found.scores[i]) > score_slack(scores[i]))
      throw RunError(
          fmt::format("row {}: FAISS finds a best score of {}, our own scan {}; nothing was published",
                      sample.rows[i], scores[i], found.scores[i]),
          file.string());
  result.read_by_faiss = true;
  result.self_recall = std::min(result.self_recall, share_found(sample, build.metric, theirs->d, scores));
  return result;
}

// The index inside its map of ids, which finds rows; the ids are compared whole. A row is thus known whatever
// its id: equal ids are no fault, nor is one that FAISS has another use for.
const faiss::Index& without_ids(const faiss::Index& index, const BuildSettings& build,
                                const std::string& place) {
  if (build.ids.empty()) return index;
  const auto* map = dynamic_cast<const faiss::IndexIDMap*>(&index);
  if (map == nullptr ||
      !std::equal(map->id_map.begin(), map->id_map.end(), build.ids.begin(), build.ids.end()))
    throw RunError("its ids are not those that were to be in it; nothing was published", place);
  return *map->index;
}

// What would reach the recall that is wanted, measured on the same rows.
std::string advice_of(faiss::Index& index, const std::optional<Effort>& now, double wanted,
                      const std::function<double()>& recall) {
  if (!now) return "every search of this type looks at the same: take one that keeps more of each vector";
  status::set_phase("look for the search effort that would reach it");
  const FoundEffort found = find_effort(*now, aimed_recall(wanted), [&](std::int64_t value) {
    set_effort(index, value);
    status::beat();
    return recall();
  });
  const std::string with = fmt::format("with {} {}", now->name, found.value);
  if (found.recall < wanted)
    return fmt::format("even {}, all there is, it is {:.4f}: take a type that keeps more of each vector",
                       with, found.recall);
  return fmt::format("{} it is {:.4f} (index.search: {}, or auto)", with, found.recall, found.value);
}

Verification verify_approximate(const std::filesystem::path& file, const data::Vectors& vectors,
                                const BuildSettings& build, const Sample& sample,
                                const std::optional<double>& wanted) {
  const InputRows input(vectors, build.normalize);
  const std::unique_ptr<faiss::Index> whole(faiss::read_index(file.c_str(), faiss::IO_FLAG_MMAP));
  expect_size(file, whole->ntotal, whole->d, vectors);
  const faiss::Index& index = without_ids(*whole, build, file.string());
  const RecallTest test(input, build.metric, sample);
  const Recall now = test.of(index);
  Verification result;
  result.read_by_faiss = true;
  result.recall = now.at_10;
  result.self_recall = now.self;
  result.effort = effort_of(*whole);
  if (wanted && now.at_10 < aimed_recall(*wanted))
    result.advice = advice_of(*whole, result.effort, *wanted, [&] { return test.of(index).at_10; });
  return result;
}

}  // namespace

Json Verification::to_json() const {
  Json json = {{"queries", queries}, {"self_recall", self_recall}, {"read_by_faiss", read_by_faiss}};
  json["recall_at_10"] = recall ? Json(*recall) : Json(nullptr);
  if (effort) json["search"] = {{"parameter", effort->name}, {"value", effort->value}};
  return json;
}

Verification verify_index(const std::filesystem::path& file, const data::Vectors& vectors,
                          const BuildSettings& build, const VerifySettings& settings) {
  status::set_phase("verify the index");
  const InputRows input(vectors, build.normalize);
  const Sample sample = draw_sample(input, settings.queries);
  Verification result;
  const FaissWatch watch;
  try {
    result = is_flat(build.factory) ? verify_flat(file, vectors, build, sample)
                                    : verify_approximate(file, vectors, build, sample, settings.min_recall);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    rethrow_as_stop("stopped while verifying the new index; nothing was published");
    throw RunError(fmt::format("FAISS cannot read or search the new index: {}; nothing was published",
                               faiss_reason(error)),
                   file.string());
  }
  result.queries = static_cast<std::int64_t>(sample.rows.size());
  if (result.exact && result.self_recall < settings.min_self_recall)
    throw GateError(
        fmt::format("self-recall {:.4f} of {} sampled rows is below verify.min_self_recall {}; nothing was "
                    "published",
                    result.self_recall, result.queries, settings.min_self_recall),
        "verify.min_self_recall");
  if (result.recall && settings.min_recall && *result.recall < *settings.min_recall)
    throw GateError(
        fmt::format("recall at 10 of {:.4f} is below verify.min_recall {}; nothing was published; {}",
                    *result.recall, *settings.min_recall, result.advice),
        "verify.min_recall");
  if (!result.advice.empty()) {
    result.advice =
        fmt::format("recall at 10 of {:.4f} just reaches verify.min_recall {} on {} sampled rows; {}",
                    *result.recall, *settings.min_recall, result.queries, result.advice);
    spdlog::info("{}", result.advice);
  }
  return result;
}

}  // namespace runner::ann
