#pragma once
// Writing .npz that numpy.load opens: arrays one after the other, rows appended in pieces, memory bounded,
// the file complete or not there at all. The bytes depend on the contents alone (no dates). ZIP64 where
// needed.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "data/formats/numpy/npy.h"

namespace runner::data {

enum class Compression { stored, deflated };

class NpzWriter {
 public:
  // Throws RunError.
  explicit NpzWriter(const std::filesystem::path& target, Compression compression = Compression::stored,
                     IfTaken if_taken = IfTaken::replace);
  ~NpzWriter();  // without finish(), nothing is left behind

  // Starts an array of a shape known up front; then append() its elements in C order, in any pieces.
  void begin(const std::string& name, DType dtype, const std::vector<std::int64_t>& shape);
  void append(const void* elements, std::size_t bytes);
  void end();  // throws std::logic_error unless exactly the shape's bytes were appended

  // A whole array at once.
  void write(const std::string& name, DType dtype, const std::vector<std::int64_t>& shape, const void* data);
  void write(const std::string& name, const std::vector<std::int64_t>& values);
  void write(const std::string& name, const std::vector<float>& values);
  // A pickled object array (the pickle is made by the caller).
  void write_object(const std::string& name, const std::vector<std::int64_t>& shape,
                    const std::string& pickle);

  void finish();  // directory, fsync, rename
  std::uint64_t bytes_written() const;
  const std::filesystem::path& target() const;  // after finish(): the name that the file has

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace runner::data
