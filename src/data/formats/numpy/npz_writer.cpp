#include "data/formats/numpy/npz_writer.h"

#include "data/formats/zip/zip_writer.h"

namespace runner::data {

struct NpzWriter::State {
  ZipWriter zip;
  Compression compression;
};

NpzWriter::NpzWriter(const std::filesystem::path& target, Compression compression, IfTaken if_taken)
    : state_(new State{ZipWriter(target, if_taken), compression}) {}

NpzWriter::~NpzWriter() = default;

void NpzWriter::begin(const std::string& name, DType dtype, const std::vector<std::int64_t>& shape) {
  const std::string header = npy_header(dtype, shape);
  std::uint64_t size = item_size(dtype);
  for (const std::int64_t n : shape) size *= static_cast<std::uint64_t>(n);
  state_->zip.begin(name + ".npy", header.size() + size, state_->compression == Compression::deflated);
  state_->zip.append(header.data(), header.size());
}

void NpzWriter::append(const void* elements, std::size_t bytes) {
  state_->zip.append(elements, bytes);
}

void NpzWriter::end() {
  state_->zip.end();
}

void NpzWriter::write(const std::string& name, DType dtype, const std::vector<std::int64_t>& shape,
                      const void* data) {
  std::size_t size = item_size(dtype);
  for (const std::int64_t n : shape) size *= static_cast<std::size_t>(n);
  begin(name, dtype, shape);
  append(data, size);
  end();
}

void NpzWriter::write(const std::string& name, const std::vector<std::int64_t>& values) {
  write(name, DType::i64, {static_cast<std::int64_t>(values.size())}, values.data());
}

void NpzWriter::write(const std::string& name, const std::vector<float>& values) {
  write(name, DType::f32, {static_cast<std::int64_t>(values.size())}, values.data());
}

void NpzWriter::write_object(const std::string& name, const std::vector<std::int64_t>& shape,
                             const std::string& pickle) {
  const std::string header = npy_header(DType::object, shape);
  state_->zip.begin(name + ".npy", header.size() + pickle.size(),
                    state_->compression == Compression::deflated);
  state_->zip.append(header.data(), header.size());
  state_->zip.append(pickle.data(), pickle.size());
  state_->zip.end();
}

void NpzWriter::finish() {
  state_->zip.finish();
}
std::uint64_t NpzWriter::bytes_written() const {
  return state_->zip.position();
}

const std::filesystem::path& NpzWriter::target() const {
  return state_->zip.target();
}

}  // namespace runner::data
