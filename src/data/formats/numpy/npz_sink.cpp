#include "data/formats/numpy/npz_sink.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/temporary_name.h"
#include "data/formats/numpy/npz_writer.h"

namespace runner::data {
namespace {

// A column's bytes until its turn in the archive comes: a file without a name, on the disk that the output
// goes to. Should its name stay, it is one that the next writer of this output removes.
class Waiting {
 public:
  explicit Waiting(const std::filesystem::path& target) {
    const TemporaryFile file = create_temporary(target);
    path_ = file.path.string();
    fd_ = file.fd;
    ::unlink(path_.c_str());
  }
  ~Waiting() { ::close(fd_); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  void append(const void* bytes, std::size_t size) {
    const char* at = static_cast<const char*>(bytes);
    while (size > 0) {
      const ssize_t written = ::write(fd_, at, size);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw_errno("cannot write", path_);
      at += written;
      size -= static_cast<std::size_t>(written);
    }
  }

  void move_to(NpzWriter& writer) {
    std::vector<char> piece(1 << 20);
    for (off_t at = 0;;) {
      const ssize_t got = ::pread(fd_, piece.data(), piece.size(), at);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw_errno("cannot read", path_);
      if (got == 0) return;
      writer.append(piece.data(), static_cast<std::size_t>(got));
      at += got;
    }
  }

 private:
  std::string path_;
  int fd_ = -1;
};

class NpzSink final : public RecordSink {
 public:
  NpzSink(const std::string& output, std::vector<Column> columns, std::int64_t rows, IfTaken if_taken)
      : writer_(output, Compression::stored, if_taken), columns_(std::move(columns)), rows_(rows) {
    for (std::size_t c = 1; c < columns_.size(); ++c) waiting_.push_back(std::make_unique<Waiting>(output));
    begin(columns_[0]);
  }

  void append(std::int64_t count, const std::vector<const void*>& values) override {
    const auto bytes = [&](std::size_t c) {
      const auto width = static_cast<std::size_t>(std::max<std::int64_t>(columns_[c].width, 1));
      return static_cast<std::size_t>(count) * width * item_size(columns_[c].dtype);
    };
    writer_.append(values[0], bytes(0));
    for (std::size_t c = 1; c < columns_.size(); ++c) waiting_[c - 1]->append(values[c], bytes(c));
  }

  void finish() override {
    writer_.end();
    for (std::size_t c = 1; c < columns_.size(); ++c) {
      begin(columns_[c]);
      waiting_[c - 1]->move_to(writer_);
      writer_.end();
    }
    writer_.finish();
  }
  std::string target() const override { return writer_.target().string(); }

 private:
  void begin(const Column& column) {
    std::vector<std::int64_t> shape = {rows_};
    if (column.width > 0) shape.push_back(column.width);
    writer_.begin(column.name, column.dtype, shape);
  }

  NpzWriter writer_;
  std::vector<Column> columns_;
  std::int64_t rows_;
  std::vector<std::unique_ptr<Waiting>> waiting_;
};

}  // namespace

std::unique_ptr<RecordSink> npz_sink(const std::string& output, std::vector<Column> columns,
                                     std::int64_t rows, IfTaken if_taken) {
  return std::make_unique<NpzSink>(output, std::move(columns), rows, if_taken);
}

}  // namespace runner::data
