#include "index/shards/index_pieces.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "data/content_hash.h"
#include "data/mapped_file.h"
#include "index/shards/shard_folder.h"

namespace runner::ann {
namespace fs = std::filesystem;

namespace {

// Pieces of 4 KB, spread evenly: versions never change under their name, so this is enough to tell files
// apart.
std::string identity_of_file(const fs::path& path) {
  constexpr std::uint64_t pieces = 64, bytes = 4096;
  const data::MappedFile file(path);
  data::ContentHash hash;
  const std::string name = fmt::format("{} {}", fs::canonical(path).filename().string(), file.size());
  hash.update(name.data(), name.size());
  std::vector<char> piece(bytes);
  for (std::uint64_t i = 0; i < pieces; ++i) {
    const std::uint64_t count = std::min(bytes, file.size());
    file.read((file.size() - count) / pieces * i, piece.data(), count);
    hash.update(piece.data(), count);
  }
  return hash.hex();
}

std::string identity_of_parts(const std::vector<ShardFile>& parts) {
  data::ContentHash hash;
  for (const ShardFile& part : parts) hash.update(part.manifest.xxh64.data(), part.manifest.xxh64.size());
  return hash.hex();
}

}  // namespace

IndexPieces::IndexPieces(const fs::path& path, const std::optional<Shard>& part) {
  if (!fs::is_directory(path)) {
    pieces_.push_back({open_index(path, part), 0});
    rows_ = pieces_.front().index.total_rows();
    searched_ = pieces_.front().index.rows();
    identity_ = identity_of_file(path);
    return;
  }
  const std::vector<ShardFile> parts = ShardFolder(path).all();
  expect_one_index(parts, nullptr, {});
  rows_ = parts.front().manifest.total_rows;
  identity_ = identity_of_parts(parts);
  const auto count = static_cast<std::int64_t>(parts.size());
  const ShardRows mine = part ? rows_of(*part, count, "parts of an index") : ShardRows{0, count};
  for (std::int64_t i = mine.first; i < mine.first + mine.count; ++i) {
    const ShardFile& file = parts[static_cast<std::size_t>(i)];
    OpenIndex index = open_index(file.file);
    if (index.rows() != file.manifest.rows || index.width() != file.manifest.width)
      throw DataError("holds other rows than its manifest tells", file.file.string());
    const std::int64_t first_row = index.has_ids() ? 0 : file.manifest.first_row;
    searched_ += index.rows();
    pieces_.push_back({std::move(index), first_row});
  }
}

Neighbours IndexPieces::search(const float* queries, std::int64_t n, std::int64_t k,
                               const std::function<void(std::int64_t)>& progress) const {
  Neighbours best;
  std::int64_t done_before = 0;
  for (const Piece& piece : pieces_) {
    Neighbours found = piece.index.search(queries, n, k, [&](std::int64_t done) {
      if (progress) progress(done_before + done);
    });
    if (piece.first_row > 0)
      for (std::int64_t& id : found.ids)
        if (id >= 0) id += piece.first_row;
    done_before += piece.index.rows() * passes(n);
    if (best.ids.empty())
      best = std::move(found);
    else
      merge_neighbours(metric(), best, found);
  }
  return best;
}

void IndexPieces::expect_unchanged() const {
  for (const Piece& piece : pieces_) piece.index.expect_unchanged();
}

void merge_neighbours(Metric metric, Neighbours& best, const Neighbours& next) {
  const auto k = static_cast<std::size_t>(best.k);
  std::vector<float> scores(k);
  std::vector<std::int64_t> ids(k);
  for (std::size_t q = 0; q < static_cast<std::size_t>(best.queries); ++q) {
    // What was not found has the worst score there is, and so comes last.
    std::size_t a = q * k, b = q * k;
    for (std::size_t i = 0; i < k; ++i) {
      const bool later = nearer(metric, next.scores[b], best.scores[a]) ||
                         (best.ids[a] < 0 && next.ids[b] >= 0 && next.scores[b] == best.scores[a]);
      scores[i] = later ? next.scores[b] : best.scores[a];
      ids[i] = later ? next.ids[b++] : best.ids[a++];
    }
    std::copy(scores.begin(), scores.end(), best.scores.begin() + static_cast<std::ptrdiff_t>(q * k));
    std::copy(ids.begin(), ids.end(), best.ids.begin() + static_cast<std::ptrdiff_t>(q * k));
  }
}

}  // namespace runner::ann
