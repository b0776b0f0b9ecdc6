#include "jobs/predict/contexts.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "data/array_names.h"
#include "data/metadata.h"
#include "data/values.h"
#include "data/vectors.h"

namespace runner::jobs {
namespace {

constexpr std::int64_t piece_rows = 512;  // vectors read at once

class OfVectors final : public Contexts {
 public:
  OfVectors(const std::vector<std::string>& paths, std::int64_t length) : vectors_(paths), length_(length) {
    std::int64_t run = 0;
    for (std::int64_t row = 0; row < vectors_.rows(); ++row) {
      if (begins(row)) run = row;
      size_ += row - run + 1 >= length_;
    }
  }

  std::int64_t size() const override { return size_; }
  std::int64_t length() const override { return length_; }
  std::int64_t width() const override { return vectors_.width(); }
  bool of_vectors() const override { return true; }

  // The last T-1 rows of a piece begin the next one.
  bool next(ContextPiece& piece) override {
    const std::int64_t width = vectors_.width(), kept = std::min(length_ - 1, row_);
    const std::int64_t count = std::min(piece_rows, vectors_.rows() - row_);
    if (count == 0) return false;
    std::vector<float>& values = piece.vectors;
    std::copy(values.end() - static_cast<std::ptrdiff_t>(kept * width), values.end(), values.begin());
    values.resize(static_cast<std::size_t>((kept + count) * width));
    vectors_.read_rows(row_, count, values.data() + kept * width);
    vectors_.release(row_, count);
    piece.starts.clear();
    piece.articles.clear();
    piece.last_rows.clear();
    for (std::int64_t i = 0; i < count; ++i, ++row_) {
      data::checked_norm(values.data() + (kept + i) * width, width, vectors_.paths()[0], row_);
      if (begins(row_)) run_ = row_;
      if (row_ - run_ + 1 < length_) continue;
      piece.starts.push_back(kept + i + 1 - length_);
      piece.articles.push_back(article(row_));
      piece.last_rows.push_back(row_);
    }
    return true;
  }

 private:
  std::int64_t article(std::int64_t row) const {
    return vectors_.has_articles() ? vectors_.articles()[static_cast<std::size_t>(row)] : 0;
  }
  bool begins(std::int64_t row) const { return row > 0 && article(row) != article(row - 1); }

  data::Vectors vectors_;
  std::int64_t length_, size_ = 0;
  std::int64_t row_ = 0, run_ = 0;  // the next row to read; first row of its article
};

std::optional<std::string> ready_contexts(const data::Npz& file) {
  if (file.is_npy()) return file.array("").rank() == 3 ? std::optional<std::string>("") : std::nullopt;
  return data::find_contexts(file);
}

class Ready final : public Contexts {
 public:
  explicit Ready(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) add_file(path);
  }

  std::int64_t size() const override { return size_; }
  std::int64_t length() const override { return length_; }
  std::int64_t width() const override { return width_; }
  bool of_vectors() const override { return false; }

  bool next(ContextPiece& piece) override {
    if (part_ < parts_.size() && at_ == parts_[part_].table.rows()) {
      ++part_;
      at_ = 0;
    }
    if (part_ == parts_.size()) return false;
    const Part& part = parts_[part_];
    const std::int64_t count =
        std::min(std::max<std::int64_t>(piece_rows / length_, 1), part.table.rows() - at_);
    piece.vectors.resize(static_cast<std::size_t>(count * length_ * width_));
    part.table.prefetch(at_, count);
    part.table.read(at_, count, piece.vectors.data());
    part.table.release(at_, count);
    piece.starts.clear();
    piece.articles.clear();
    piece.last_rows.clear();
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t j = 0; j < length_; ++j)
        data::checked_norm(piece.vectors.data() + (i * length_ + j) * width_, width_,
                           part.table.array().place, at_ + i);
      piece.starts.push_back(i * length_);
      piece.articles.push_back(part.articles.empty() ? -1 : part.articles[static_cast<std::size_t>(at_ + i)]);
      piece.last_rows.push_back(part.first + at_ + i);
    }
    at_ += count;
    return true;
  }

 private:
  struct Part {
    data::RowTable table;
    std::vector<std::int64_t> articles;
    std::int64_t first;
  };

  void add_file(const std::string& path) {
    const data::Npz file(path);
    const auto name = ready_contexts(file);
    if (!name)
      throw DataError("vectors and ready contexts cannot be mixed; the file before it holds contexts", path);
    Part part{data::RowTable(file.array(*name), 3), {}, size_};
    const auto& shape = part.table.array().header.shape;
    if (!parts_.empty() && (shape[1] != length_ || shape[2] != width_))
      throw DataError(fmt::format("contexts of {} x {}, where the file before it has {} x {}", shape[1],
                                  shape[2], length_, width_),
                      path);
    length_ = shape[1];
    width_ = shape[2];
    if (!file.is_npy()) part.articles = data::read_sequence_marks(file, shape[0]).articles;
    size_ += shape[0];
    parts_.push_back(std::move(part));
  }

  std::vector<Part> parts_;
  std::int64_t size_ = 0, length_ = 0, width_ = 0;
  std::size_t part_ = 0;  // the next context to read
  std::int64_t at_ = 0;
};

}  // namespace

std::unique_ptr<Contexts> open_contexts(const std::vector<std::string>& paths, std::int64_t length,
                                        const std::string& told_by) {
  const data::Npz first(paths.at(0));
  if (const auto name = ready_contexts(first)) {
    auto ready = std::make_unique<Ready>(paths);
    if (ready->length() != length)
      throw DataError(
          fmt::format("contexts of {} vectors; the model reads {} ({})", ready->length(), length, told_by),
          first.array(*name).place);
    return ready;
  }
  if (!data::find_vectors(first))
    throw DataError(fmt::format("neither vectors (vectors, fused, embeddings, concept_vecs or a 2-D X) nor "
                                "contexts (context_sequences or their other names); the file has {}",
                                fmt::join(first.names(), ", ")),
                    paths[0]);
  return std::make_unique<OfVectors>(paths, length);
}

}  // namespace runner::jobs
