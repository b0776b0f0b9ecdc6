#include "data/formats/byte_source.h"

#include <algorithm>

#include "base/log.h"
#include "base/progress.h"

namespace runner::data {
namespace {

constexpr std::uint64_t piece = 8 << 20;

class ScratchSource final : public ByteSource {
 public:
  ScratchSource(MappedFile file, std::uint64_t size) : file_(std::move(file)), size_(size) {}
  std::uint64_t size() const override { return size_; }
  const std::byte* mapped() const override { return file_.data(); }
  void read(std::uint64_t offset, void* out, std::size_t count) override { file_.read(offset, out, count); }
  void prefetch(std::uint64_t offset, std::uint64_t length) const override { file_.prefetch(offset, length); }
  void release(std::uint64_t offset, std::uint64_t length) const override { file_.release(offset, length); }

 private:
  MappedFile file_;
  std::uint64_t size_;
};

}  // namespace

std::shared_ptr<ByteSource> with_random_access(std::shared_ptr<ByteSource> source, const std::string& place) {
  if (source->size() == 0 || source->mapped() != nullptr) return source;
  spdlog::log(source->size() > (64 << 20) ? spdlog::level::info : spdlog::level::debug,
              "{}: deflated; unpacking {} into a scratch file", place,
              format_bytes(static_cast<double>(source->size())));
  MappedFile scratch = MappedFile::scratch(source->size());
  constexpr std::uint64_t mb = 1'000'000;
  Progress progress("unpack " + place, static_cast<std::int64_t>(source->size() / mb), "MB");
  for (std::uint64_t at = 0; at < source->size(); at += piece) {
    const std::uint64_t n = std::min(piece, source->size() - at);
    source->read(at, scratch.writable() + at, n);
    scratch.release(at, n);
    progress.update(static_cast<std::int64_t>((at + n) / mb));
  }
  return std::make_shared<ScratchSource>(std::move(scratch), source->size());
}

}  // namespace runner::data
