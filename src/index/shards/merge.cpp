#include "index/shards/merge.h"

#include <faiss/IndexFlatCodes.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexNNDescent.h>
#include <faiss/IndexNSG.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/index_io.h>
#include <faiss/invlists/BlockInvertedLists.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/status.h"
#include "base/time.h"
#include "data/content_hash.h"
#include "data/mapped_file.h"
#include "index/build/factory.h"
#include "index/build/faiss_watch.h"
#include "index/build/flat_format.h"
#include "index/build/index_file.h"
#include "index/recall/tune.h"

namespace runner::ann {
namespace {

using Clock = std::chrono::steady_clock;
using RowsDone = std::function<void(std::int64_t)>;

constexpr const char* stopped_merging = "stopped while merging; the published index is as it was";
constexpr std::size_t merge_piece_bytes = 4 << 20;

void stop_merging_if_asked() {
  if (const int signal = stop_signal()) throw Interrupted(signal, stopped_merging);
}

// The index that holds the codes: behind a transformation of the vectors, if there is one.
faiss::Index& core_of(faiss::Index& index) {
  auto* chain = dynamic_cast<faiss::IndexPreTransform*>(&index);
  return chain == nullptr ? index : *chain->index;
}

bool is_graph(const faiss::Index& index) {
  return dynamic_cast<const faiss::IndexHNSW*>(&index) != nullptr ||
         dynamic_cast<const faiss::IndexNSG*>(&index) != nullptr ||
         dynamic_cast<const faiss::IndexNNDescent*>(&index) != nullptr;
}

// FAISS 1.7.3 crashes when it merges lists of packed codes (…fs).
bool has_packed_lists(const faiss::Index& index) {
  const auto* lists = dynamic_cast<const faiss::IndexIVF*>(&index);
  return lists != nullptr && dynamic_cast<const faiss::BlockInvertedLists*>(lists->invlists) != nullptr;
}

[[noreturn]] void refuse_torn(const ShardFile& part) {
  const std::string name = to_string(part.manifest.shard);
  throw DataError(
      fmt::format("part {} is torn: its bytes are not those that were written; build it again: runner "
                  "index CONFIG --shard {}; nothing was published",
                  name, name),
      part.file.string());
}

// Appends the vectors of a part to `out`; all its bytes go through the hash.
void copy_vectors(const ShardFile& part, const BuildSettings& settings, AtomicFile& out) {
  const data::MappedFile file(part.file);
  const auto layout = parse_flat(file.data(), file.size(), file.size(), part.file.string());
  if (!layout || layout->metric != settings.metric || layout->rows != part.manifest.rows ||
      layout->width != part.manifest.width || layout->has_ids == settings.ids.empty())
    refuse_torn(part);
  const std::uint64_t begin = layout->vectors_at;
  const std::uint64_t end = begin + static_cast<std::uint64_t>(layout->rows * layout->width) * sizeof(float);
  data::ContentHash hash;
  hash.update(file.data(), begin);
  std::vector<char> piece(merge_piece_bytes);
  for (std::uint64_t at = begin; at < file.size();) {
    stop_merging_if_asked();
    const std::uint64_t until = at < end ? end : file.size();
    const std::size_t count =
        static_cast<std::size_t>(std::min<std::uint64_t>(merge_piece_bytes, until - at));
    file.read(at, piece.data(), count);
    hash.update(piece.data(), count);
    if (at < end) out.write(piece.data(), count);
    at += count;
    status::beat();
  }
  if (hash.hex() != part.manifest.xxh64) refuse_torn(part);
}

BuildTimes merge_flat(const std::vector<ShardFile>& parts, const BuildSettings& settings,
                      const std::filesystem::path& path, const RowsDone& progress) {
  const auto start = Clock::now();
  const ShardManifest& first = parts.front().manifest;
  const FlatLayout layout =
      flat_layout(settings.metric, first.total_rows, first.width, !settings.ids.empty());
  AtomicFile out(path);
  out.write(flat_head(layout));
  for (const ShardFile& part : parts) {
    copy_vectors(part, settings, out);
    if (progress) progress(part.manifest.first_row + part.manifest.rows);
  }
  if (layout.has_ids) {
    out.write(flat_ids_head(layout));
    out.write(settings.ids.data(), settings.ids.size() * sizeof(std::int64_t));
  }
  BuildTimes times;
  times.build_s = seconds_since(start);
  times.bytes = layout.file_bytes;
  const auto sync = Clock::now();
  status::set_phase("flush to disk");
  out.commit();
  times.fsync_s = seconds_since(sync);
  return times;
}

// A part as FAISS reads it, without its map of ids.
std::unique_ptr<faiss::Index> read_part(const ShardFile& part) {
  const data::FileStamp stamp = data::file_stamp(part.file);
  if (data::hash_file(part.file) != part.manifest.xxh64) refuse_torn(part);
  std::unique_ptr<faiss::Index> index(faiss::read_index(part.file.c_str()));
  if (!(data::file_stamp(part.file) == stamp)) refuse_torn(part);
  if (auto* map = dynamic_cast<faiss::IndexIDMap*>(index.get())) {
    map->own_fields = false;
    index.reset(map->index);
  }
  if (index->ntotal != part.manifest.rows || index->d != part.manifest.width) refuse_torn(part);
  return index;
}

// FAISS's own: inverted lists get the rows' numbers in the whole, codes are put behind each other.
void append_part(faiss::Index& whole, faiss::Index& part) {
  faiss::Index &to = core_of(whole), &from = core_of(part);
  const bool lists = dynamic_cast<faiss::IndexIVF*>(&to) != nullptr;
  to.merge_from(from, lists ? whole.ntotal : 0);
  whole.ntotal = to.ntotal;
}

BuildTimes merge_with_faiss(const std::vector<ShardFile>& parts, const BuildSettings& settings,
                            const std::filesystem::path& path, const RowsDone& progress,
                            const data::Vectors* vectors) {
  const auto start = Clock::now();
  const std::unique_ptr<faiss::Index> index =
      settings.trained.empty() ? make_index(settings, parts.front().manifest.width)
                               : std::unique_ptr<faiss::Index>(faiss::read_index(settings.trained.c_str()));
  std::unique_ptr<faiss::IndexIDMap2> with_ids;  // wants an empty index
  if (!settings.ids.empty()) with_ids = std::make_unique<faiss::IndexIDMap2>(index.get());
  for (const ShardFile& part : parts) {
    stop_merging_if_asked();
    append_part(*index, *read_part(part));
    status::beat();
    if (progress) progress(part.manifest.first_row + part.manifest.rows);
  }
  if (with_ids) {
    with_ids->id_map = settings.ids;
    with_ids->ntotal = index->ntotal;
    with_ids->construct_rev_map();
  }
  if (vectors != nullptr) tune(*index, InputRows(*vectors, settings.normalize), settings);
  status::set_phase("write the index");
  BuildTimes times;
  times.fsync_s = write_index_file(with_ids ? static_cast<faiss::Index&>(*with_ids) : *index, path);
  times.build_s = seconds_since(start) - times.fsync_s;
  times.bytes = std::filesystem::file_size(path);
  return times;
}

}  // namespace

void refuse_unmergeable(const BuildSettings& settings, std::int64_t width) {
  if (is_flat(settings.factory)) return;
  const std::unique_ptr<faiss::Index> index = make_index(settings, width);
  const faiss::Index& core = core_of(*index);
  if (is_graph(core))
    throw UsageError(
        fmt::format("'{}' cannot be built in parts: each row of a graph is linked to its neighbours among "
                    "all rows, and FAISS cannot merge graphs; take Flat or inverted lists (IVF…), or "
                    "build it in one go",
                    settings.factory),
        "index.factory");
  if ((dynamic_cast<const faiss::IndexIVF*>(&core) == nullptr &&
       dynamic_cast<const faiss::IndexFlatCodes*>(&core) == nullptr) ||
      has_packed_lists(core))
    throw UsageError(
        fmt::format("'{}' cannot be built in parts: FAISS has no merge for this type; take Flat, inverted "
                    "lists (IVF…) or plain codes (PQ…, SQ…), or build it in one go",
                    settings.factory),
        "index.factory");
}

bool is_trained_once(const BuildSettings& settings, std::int64_t width) {
  return !is_flat(settings.factory) && !make_index(settings, width)->is_trained;
}

BuildTimes merge_shards(const std::vector<ShardFile>& parts, const BuildSettings& settings,
                        const std::filesystem::path& file, const RowsDone& progress,
                        const data::Vectors* vectors) {
  status::set_phase("merge the parts");
  if (is_flat(settings.factory)) return merge_flat(parts, settings, file, progress);
  return in_our_words({"FAISS cannot merge the parts of '" + settings.factory + "'", stopped_merging,
                       "FAISS merges in memory; take a smaller type or a larger machine"},
                      [&] { return merge_with_faiss(parts, settings, file, progress, vectors); });
}

}  // namespace runner::ann
