#include "index/build/index_file.h"

#include <faiss/impl/io.h>
#include <faiss/index_io.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

#include "base/error.h"
#include "base/flush.h"
#include "base/status.h"
#include "base/time.h"

namespace runner::ann {
namespace {

// It says why a write failed, and flushes to disk.
class FileWriter final : public faiss::IOWriter {
 public:
  explicit FileWriter(const std::filesystem::path& path)
      : path_(path), file_(std::fopen(path.c_str(), "wbx")) {  // x: neither a file nor a link's target
    if (file_ == nullptr) throw_errno("cannot create", path.string());
    name = path.string();
    std::setvbuf(file_, nullptr, _IOFBF, 1 << 20);
  }
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  ~FileWriter() override {
    if (file_ == nullptr) return;
    std::fclose(file_);
    ::unlink(path_.c_str());
  }
  std::size_t operator()(const void* bytes, std::size_t size, std::size_t count) override {
    if (count == 0) return 0;  // FAISS passes a null pointer for an empty list
    const std::size_t written = std::fwrite(bytes, size, count, file_);
    if (written != count) throw_errno("cannot write", path_.string());
    status::beat();
    return written;
  }
  void finish() {
    if (std::fflush(file_) != 0) throw_errno("cannot write", path_.string());
    if (flush_to_disk(::fileno(file_)) != 0) throw_errno("cannot flush to disk", path_.string());
    std::fclose(std::exchange(file_, nullptr));
  }

 private:
  std::filesystem::path path_;
  std::FILE* file_;
};

}  // namespace

double write_index_file(const faiss::Index& index, const std::filesystem::path& path) {
  FileWriter file(path);
  faiss::write_index(&index, &file);
  const auto sync = std::chrono::steady_clock::now();
  file.finish();
  return seconds_since(sync);
}

}  // namespace runner::ann
