#include "data/samples/vectors.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "data/samples/detect.h"

namespace runner::data {
namespace {

// All files tell this column, or none does.
void append_column(std::vector<std::int64_t>& column, const Npz& file,
                   std::initializer_list<const char*> names, std::int64_t rows, std::int64_t rows_before) {
  const auto name = file.is_npy() ? std::nullopt : file.first_of(names);
  if (rows_before > 0 && column.empty() == name.has_value())
    throw DataError(fmt::format("{} array {}, unlike the file(s) before it; all files must have it or none",
                                name ? "it has an" : "it lacks the", name.value_or(*names.begin())),
                    file.path().string());
  if (!name) return;
  const std::vector<std::int64_t> values = read_integers(file.array(*name), rows);
  column.insert(column.end(), values.begin(), values.end());
}

}  // namespace

Vectors::Vectors(const std::vector<std::string>& paths, Columns columns) : paths_(paths) {
  if (paths.empty()) throw DataError("no vectors file given");
  for (const std::string& path : paths) add_file(path, columns);
  tells_chunks_ = !chunks_.empty();
  if (columns == Columns::articles && !tells_chunks_) number_chunks();
}

void Vectors::add_file(const std::string& path, Columns columns) {
  const Npz file(path);
  const auto name = find_vectors(file);
  if (!name)
    throw DataError(
        fmt::format("no vectors: expected an array named vectors, fused, embeddings, concept_vecs or a "
                    "2-D X; the file has {}",
                    fmt::join(file.names(), ", ")),
        path);
  RowTable table(file.array(*name), 2);
  if (!parts_.empty() && table.width() != width_)
    throw DataError(fmt::format("width {}, where {} has {}: files read together hold vectors of one "
                                "embedding model",
                                table.width(), place(), width_),
                    table.array().place);
  width_ = table.width();
  if (columns == Columns::articles) {
    append_column(articles_, file, {"article_indices", "article_ids"}, table.rows(), rows_);
    append_column(chunks_, file, {"chunk_indices", "seq_idx"}, table.rows(), rows_);
  }
  parts_.push_back({std::move(table), rows_});
  rows_ += parts_.back().table.rows();
}

void Vectors::number_chunks() {
  chunks_.resize(static_cast<std::size_t>(rows_));
  std::unordered_map<std::int64_t, std::int64_t> counts;
  for (std::size_t i = 0; i < chunks_.size(); ++i)
    chunks_[i] = counts[articles_.empty() ? 0 : articles_[i]]++;
}

void Vectors::keep_rows(std::int64_t first, std::int64_t count) {
  const auto keep = [&](std::vector<std::int64_t>& column) {
    if (column.empty()) return;
    column.erase(column.begin() + first + count, column.end());
    column.erase(column.begin(), column.begin() + first);
  };
  keep(articles_);
  keep(chunks_);
  skipped_ += first;
  rows_ = count;
}

std::pair<std::size_t, std::size_t> Vectors::kept_files() const {
  return {file_of(0), file_of(rows_ - 1)};
}

std::uint64_t Vectors::bytes() const {
  std::uint64_t sum = 0;
  std::int64_t rows = 0;
  for (const Part& part : parts_) {
    sum += part.table.array().header.bytes;
    rows += part.table.rows();
  }
  return rows == rows_ ? sum : sum / static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(rows_);
}

const Vectors::Part& Vectors::part_of(std::int64_t row) const {
  const auto after = std::upper_bound(parts_.begin(), parts_.end(), row,
                                      [](std::int64_t r, const Part& part) { return r < part.first; });
  return *(after - 1);
}

void Vectors::read_rows(std::int64_t first, std::int64_t count, float* out) const {
  first += skipped_;
  while (count > 0) {
    const Part& part = part_of(first);
    const std::int64_t n = std::min(count, part.first + part.table.rows() - first);
    part.table.prefetch(first - part.first, n);
    part.table.read(first - part.first, n, out);
    out += n * width_;
    first += n;
    count -= n;
  }
}

void Vectors::gather(const std::int64_t* rows, std::int64_t n, float* out) const {
  for (std::int64_t i = 0, run = 1; i < n; i += run, run = 1) {  // rows that follow each other are one read
    const std::int64_t row = skipped_ + rows[i];
    const Part& part = parts_.size() == 1 ? parts_[0] : part_of(row);
    const std::int64_t end = part.first + part.table.rows();
    while (i + run < n && rows[i + run] == rows[i] + run && row + run < end) ++run;
    part.table.pick(row - part.first, run, out + i * width_);
  }
}

void Vectors::allow_random_access() {
  const auto [first, last] = kept_files();
  for (std::size_t i = first; i <= last; ++i) parts_[i].table.allow_random_access();
}

void Vectors::release(std::int64_t first, std::int64_t count) const {
  first += skipped_;
  while (count > 0) {
    const Part& part = part_of(first);
    const std::int64_t n = std::min(count, part.first + part.table.rows() - first);
    part.table.release(first - part.first, n);
    first += n;
    count -= n;
  }
}

std::vector<std::int64_t> Vectors::integers(const std::string& name) const {
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    const Npz file(paths_[i]);
    if (file.is_npy())
      throw DataError("a .npy has no array named " + name + "; .npz is needed for it", paths_[i]);
    const std::vector<std::int64_t> part = read_integers(file.array(name), parts_[i].table.rows());
    values.insert(values.end(), part.begin(), part.end());
  }
  values.erase(values.begin() + skipped_ + rows_, values.end());
  values.erase(values.begin(), values.begin() + skipped_);
  return values;
}

ValueCheck Vectors::check_values(bool crc, const std::function<void(std::int64_t)>& progress,
                                 Zeros zeros) const {
  ValueCheck all;
  std::int64_t seen = 0;
  Progress shown("check values", rows_, "rows");
  for (const Part& part : parts_) {
    const auto done = [&](std::int64_t rows) {
      shown.update(part.first + rows - skipped_);
      if (progress) progress(part.first + rows - skipped_);
    };
    const std::int64_t first = std::max<std::int64_t>(0, skipped_ - part.first);
    const std::int64_t end = std::min(part.table.rows(), skipped_ + rows_ - part.first);
    if (first >= end) continue;
    all = combine(all, seen, check_rows(part.table, width_, first, end, done, zeros), end - first);
    if (crc && first == 0) part.table.array().bytes->check_crc();
    seen += end - first;
  }
  return all;
}

}  // namespace runner::data
