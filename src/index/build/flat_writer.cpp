#include "index/build/flat_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "base/error.h"
#include "base/flush.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/status.h"
#include "base/time.h"
#include "base/transfer.h"
#include "index/build/flat_format.h"
#include "index/build/unit_rows.h"
#include "threads/team.h"

namespace runner::ann {
namespace {

using Clock = std::chrono::steady_clock;

// A block stays in the second-level cache from reading to writing.
constexpr std::int64_t block_bytes = 512 << 10;

// A file that is removed again unless it was finished.
class OutputFile {
 public:
  explicit OutputFile(const std::filesystem::path& path) : path_(path) {
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd_ < 0) throw_errno("cannot create", path.string());
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(path_.c_str());
  }

  void write_at(std::uint64_t offset, const void* bytes, std::size_t size) const {
    if (!runner::write_at(fd_, bytes, size, static_cast<off_t>(offset)))
      throw_errno("cannot write", path_.string());
  }
  void finish() {
    if (flush_to_disk(fd_) != 0) throw_errno("cannot flush to disk", path_.string());
    if (::close(std::exchange(fd_, -1)) != 0) throw_errno("cannot close", path_.string());
  }

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

// One thread reads while another normalises or writes: reading goes in order, under a lock (deflated inputs
// can only be read so), each block is written where it belongs.
class BlockStream {
 public:
  BlockStream(const data::Vectors& vectors, bool normalize, const OutputFile& file, std::uint64_t vectors_at,
              const std::function<void(std::int64_t)>& progress)
      : vectors_(vectors), normalize_(normalize), file_(file), vectors_at_(vectors_at), progress_(progress) {
    row_bytes_ = vectors.width() * static_cast<std::int64_t>(sizeof(float));
    block_rows_ = std::clamp<std::int64_t>(block_bytes / row_bytes_, 1, 1 << 16);
  }

  void run() {
    // A tile goes on as long as there are blocks.
    team::run(team::size(), [&](std::int64_t) {
      try {
        const std::unique_ptr<float[]> block(
            new float[static_cast<std::size_t>(block_rows_ * vectors_.width())]);
        while (one_block(block.get())) {
        }
      } catch (...) {
        failed_ = true;
        throw;
      }
    });
  }

 private:
  bool one_block(float* block) {
    std::int64_t first, count;
    {
      const std::lock_guard lock(mutex_);
      first = next_;
      count = std::min(block_rows_, vectors_.rows() - first);
      if (count <= 0 || failed_) return false;
      if (const int signal = stop_signal())
        throw Interrupted(signal, "stopped while building the index; the published one is as it was");
      next_ += count;
      vectors_.read_rows(first, count, block);
      vectors_.release(first, count);
      status::beat();
      if (progress_) progress_(first);
    }
    const std::int64_t bad = make_unit_rows(block, count, vectors_.width(), normalize_);
    if (bad >= 0)  // throws, and says what is wrong with it
      make_unit_rows_parallel(block + bad * vectors_.width(), 1, vectors_.width(), normalize_,
                              vectors_.paths()[0].c_str(), vectors_.first_row() + first + bad);
    file_.write_at(vectors_at_ + static_cast<std::uint64_t>(first * row_bytes_), block,
                   static_cast<std::size_t>(count * row_bytes_));
    return true;
  }

  const data::Vectors& vectors_;
  bool normalize_;
  const OutputFile& file_;
  std::uint64_t vectors_at_;
  const std::function<void(std::int64_t)>& progress_;
  std::int64_t row_bytes_, block_rows_;
  std::mutex mutex_;
  std::int64_t next_ = 0;
  std::atomic<bool> failed_{false};
};

}  // namespace

std::uint64_t flat_file_bytes(std::int64_t rows, std::int64_t width, bool with_ids) {
  return flat_layout(Metric::inner_product, rows, width, with_ids).file_bytes;
}

BuildTimes write_flat_index(const data::Vectors& vectors, const FlatBuild& build,
                            const std::filesystem::path& path,
                            const std::function<void(std::int64_t)>& progress) {
  const FlatLayout layout = flat_layout(build.metric, vectors.rows(), vectors.width(), !build.ids.empty());
  const auto start = Clock::now();
  OutputFile file(path);
  const std::string head = flat_head(layout);
  file.write_at(0, head.data(), head.size());
  BlockStream(vectors, build.normalize, file, layout.vectors_at, progress).run();
  if (layout.has_ids) {
    const std::string ids_head = flat_ids_head(layout);
    file.write_at(layout.ids_at - ids_head.size(), ids_head.data(), ids_head.size());
    file.write_at(layout.ids_at, build.ids.data(), build.ids.size() * sizeof(std::int64_t));
  }
  BuildTimes times;
  times.build_s = seconds_since(start);
  times.bytes = layout.file_bytes;
  const auto sync = Clock::now();
  status::set_phase("flush to disk");
  file.finish();
  times.fsync_s = seconds_since(sync);
  if (progress) progress(vectors.rows());
  return times;
}

}  // namespace runner::ann
