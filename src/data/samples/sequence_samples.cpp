#include "data/samples/sequence_samples.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "data/samples/detect.h"
#include "data/samples/metadata.h"

namespace runner::data {
namespace {

class SequenceSamples final : public SampleSource {
 public:
  explicit SequenceSamples(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) add_file(path);
  }

  std::int64_t size() const override { return size_; }
  std::int64_t context() const override { return context_; }
  std::int64_t width() const override { return width_; }

  void gather(const std::int64_t* ids, std::int64_t n, float* contexts, float* targets) const override {
    for (std::int64_t i = 0; i < n; ++i) {
      const Part& part = part_of(ids[i]);
      if (contexts != nullptr) part.contexts.pick(ids[i] - part.first, 1, contexts + i * context_ * width_);
      if (targets != nullptr) part.targets.pick(ids[i] - part.first, 1, targets + i * width_);
    }
  }

  bool has_articles() const override { return !marks_.articles.empty(); }
  std::int64_t article(std::int64_t id) const override {
    return has_articles() ? marks_.articles[static_cast<std::size_t>(id)] : 0;
  }
  std::int64_t target_chunk(std::int64_t id) const override {
    return marks_.chunks.empty() ? -1 : marks_.chunks[static_cast<std::size_t>(id)];
  }
  std::int64_t target_row(std::int64_t) const override { return -1; }
  void release() const override {
    for (const Part& part : parts_) {
      part.contexts.release(0, part.contexts.rows());
      part.targets.release(0, part.targets.rows());
    }
  }
  const Vectors* vectors() const override { return nullptr; }
  std::string place() const override { return parts_.front().contexts.array().place; }

  ValueCheck check_values() const override {
    ValueCheck all;
    std::int64_t seen = 0;
    for (const Part& part : parts_) {
      const std::int64_t rows = part.targets.rows();
      all = combine(all, seen, check_table(part.contexts, width_, true, {}), rows * context_);
      all = combine(all, seen += rows * context_, check_table(part.targets, width_, true, {}), rows);
      seen += rows;
    }
    return all;
  }

 private:
  struct Part {
    RowTable contexts, targets;
    std::int64_t first;
  };

  const Part& part_of(std::int64_t id) const {
    const auto after = std::upper_bound(parts_.begin(), parts_.end(), id,
                                        [](std::int64_t i, const Part& part) { return i < part.first; });
    return *(after - 1);
  }

  void add_file(const std::string& path) {
    const Npz file(path);
    const auto contexts = find_contexts(file), targets = find_targets(file);
    if (!contexts || !targets)
      throw DataError(
          fmt::format("no sequences: expected context_sequences and target_vectors (or their other "
                      "names); the file has {}",
                      fmt::join(file.names(), ", ")),
          path);
    Part part{RowTable(file.array(*contexts), 3), RowTable(file.array(*targets), 2), size_};
    const auto& shape = part.contexts.array().header.shape;
    if (part.targets.rows() != shape[0] || part.targets.width() != shape[2])
      throw DataError(fmt::format("shape {} does not fit the contexts' {}; [{}, {}] is expected",
                                  part.targets.array().header.shape_text(),
                                  part.contexts.array().header.shape_text(), shape[0], shape[2]),
                      part.targets.array().place);
    if (!parts_.empty() && (shape[1] != context_ || shape[2] != width_))
      throw DataError(
          fmt::format("contexts of {} x {}, where {} has {} x {}: files read together are cut alike "
                      "from vectors of one embedding model",
                      shape[1], shape[2], place(), context_, width_),
          part.contexts.array().place);
    context_ = shape[1];
    width_ = shape[2];
    SequenceMarks marks = read_sequence_marks(file, shape[0]);
    if (size_ > 0 && marks.articles.empty() != marks_.articles.empty())
      throw DataError("some of the files tell articles and some do not", path);
    part.contexts.allow_random_access();
    part.targets.allow_random_access();
    marks_.articles.insert(marks_.articles.end(), marks.articles.begin(), marks.articles.end());
    if (size_ == 0 || !marks_.chunks.empty())  // chunk numbers of all files or of none
      marks_.chunks.insert(marks_.chunks.end(), marks.chunks.begin(), marks.chunks.end());
    size_ += shape[0];
    if (static_cast<std::int64_t>(marks_.chunks.size()) != size_) marks_.chunks.clear();
    parts_.push_back(std::move(part));
  }

  std::vector<Part> parts_;
  SequenceMarks marks_;
  std::int64_t size_ = 0, context_ = 0, width_ = 0;
};

}  // namespace

std::unique_ptr<SampleSource> open_sequences(const std::vector<std::string>& paths) {
  return std::make_unique<SequenceSamples>(paths);
}

}  // namespace runner::data
