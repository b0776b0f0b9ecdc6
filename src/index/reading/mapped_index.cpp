#include "index/reading/mapped_index.h"

#include <algorithm>
#include <cstring>

#include "base/signals.h"
#include "base/status.h"
#include "index/build/memory_limit.h"
#include "threads/team.h"

namespace runner::ann {

MappedIndex::MappedIndex(data::MappedFile file, FlatLayout layout, bool release_behind)
    : file_(std::make_shared<data::MappedFile>(std::move(file))),
      layout_(layout),
      rows_(layout.rows),
      release_behind_(release_behind) {}

std::optional<MappedIndex> MappedIndex::open(const std::filesystem::path& path, bool release_behind) {
  data::MappedFile file(path);
  const auto layout = parse_flat(file.data(), file.size(), file.size(), path.string());
  if (!layout) return std::nullopt;
  return MappedIndex(std::move(file), *layout, release_behind);
}

void MappedIndex::keep_rows(std::int64_t first, std::int64_t count) {
  first_ += first;
  rows_ = count;
}

void MappedIndex::bring_in() {
  const std::uint64_t begin = rows_ == layout_.rows ? 0 : offset(0);
  const std::uint64_t size = rows_ == layout_.rows ? file_->size() : offset(rows_) - begin;
  if (release_behind_ || size > available_memory()) return;
  constexpr std::uint64_t piece = 8 << 20;  // a few page tables: threads seldom wait for each other
  team::run(static_cast<std::int64_t>((size + piece - 1) / piece), [&](std::int64_t i) {
    if (stop_signal() != 0) return;
    file_->prefetch(begin + static_cast<std::uint64_t>(i) * piece, piece);
    status::beat();
  });
  brought_in_ = stop_signal() == 0;
}

std::uint64_t MappedIndex::offset(std::int64_t row) const {
  return layout_.vectors_at + static_cast<std::uint64_t>((first_ + row) * layout_.width) * sizeof(float);
}

const float* MappedIndex::mapped(std::int64_t first, std::int64_t count) const {
  // The head has an odd number of bytes, so the floats are not aligned: readers load them as bytes.
  const void* at = file_->data() + offset(first);
  if (!brought_in_) file_->prefetch(offset(first), offset(first + count) - offset(first));
  return static_cast<const float*>(at);
}

void MappedIndex::read(std::int64_t first, std::int64_t count, float* out) const {
  team::run_chunks(count, 64, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
    std::memcpy(out + begin * layout_.width, file_->data() + offset(first + begin),
                static_cast<std::size_t>((end - begin) * layout_.width) * sizeof(float));
  });
}

void MappedIndex::release(std::int64_t first, std::int64_t count) const {
  if (release_behind_) file_->release(offset(first), offset(first + count) - offset(first));
}

std::int64_t MappedIndex::id(std::int64_t row) const {
  row += first_;
  if (!layout_.has_ids) return row;
  std::int64_t id;
  std::memcpy(&id, file_->data() + layout_.ids_at + static_cast<std::uint64_t>(row) * sizeof id, sizeof id);
  return id;
}

}  // namespace runner::ann
