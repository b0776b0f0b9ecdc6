#include "jobs/predict/contexts.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "data/formats/values.h"
#include "data/samples/detect.h"
#include "data/samples/metadata.h"
#include "data/samples/row_order.h"
#include "data/samples/vectors.h"

namespace runner::jobs {
namespace {

constexpr std::int64_t piece_rows = 512;  // vectors read at once

class OfVectors final : public Contexts {
 public:
  OfVectors(const std::vector<std::string>& paths, std::int64_t length)
      : vectors_(paths), length_(length), order_(data::order_of(vectors_)) {
    data::tell(order_, vectors_, true);
    if (!order_.rows.empty()) vectors_.allow_random_access();
    std::int64_t run = 0;
    for (std::int64_t place = 0; place < vectors_.rows(); ++place) {
      if (begins(place)) run = place;
      size_ += place - run + 1 >= length_;
    }
  }

  std::int64_t size() const override { return size_; }
  std::int64_t length() const override { return length_; }
  std::int64_t width() const override { return vectors_.width(); }
  bool of_vectors() const override { return true; }

  // The last T-1 rows of a piece begin the next one.
  bool next(ContextPiece& piece) override {
    const std::int64_t kept = std::min(length_ - 1, place_);
    const std::int64_t count = std::min(piece_rows, vectors_.rows() - place_);
    if (count == 0) return false;
    read_after(kept, count, piece);
    piece.starts.clear();
    piece.articles.clear();
    piece.last_rows.clear();
    for (std::int64_t i = kept; i < kept + count; ++i, ++place_) {
      const std::int64_t row = piece.rows[static_cast<std::size_t>(i)];
      data::checked_norm(piece.vectors.data() + i * width(), width(), vectors_.place(), row);
      if (begins(place_)) run_ = place_;
      if (place_ - run_ + 1 < length_) continue;
      piece.starts.push_back(i + 1 - length_);
      piece.articles.push_back(article(row));
      piece.last_rows.push_back(row);
    }
    return true;
  }

 private:
  // Keeps the last rows of the piece, and reads the next ones behind them.
  void read_after(std::int64_t kept, std::int64_t count, ContextPiece& piece) const {
    std::vector<float>& values = piece.vectors;
    std::copy(values.end() - static_cast<std::ptrdiff_t>(kept * width()), values.end(), values.begin());
    std::copy(piece.rows.end() - static_cast<std::ptrdiff_t>(kept), piece.rows.end(), piece.rows.begin());
    values.resize(static_cast<std::size_t>((kept + count) * width()));
    piece.rows.resize(static_cast<std::size_t>(kept + count));
    for (std::int64_t i = 0; i < count; ++i)
      piece.rows[static_cast<std::size_t>(kept + i)] = row_at(place_ + i);
    float* out = values.data() + kept * width();
    if (order_.rows.empty()) {
      vectors_.read_rows(place_, count, out);
      vectors_.release(place_, count);
    } else {
      vectors_.gather(piece.rows.data() + kept, count, out);
    }
  }

  std::int64_t row_at(std::int64_t place) const {
    return order_.rows.empty() ? place : order_.rows[static_cast<std::size_t>(place)];
  }
  std::int64_t article(std::int64_t row) const {
    return vectors_.has_articles() ? vectors_.articles()[static_cast<std::size_t>(row)] : 0;
  }
  bool begins(std::int64_t place) const {
    if (place == 0) return false;
    const std::int64_t row = row_at(place), before = row_at(place - 1);
    return article(row) != article(before) ||
           (order_.files_apart && vectors_.file_of(row) != vectors_.file_of(before));
  }

  data::Vectors vectors_;
  std::int64_t length_, size_ = 0;
  data::RowOrder order_;
  std::int64_t place_ = 0, run_ = 0;  // the next row to read, and the first of its article, in that order
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
    piece.rows.clear();
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
