#pragma once
// A TensorBoard event file of scalars: TFRecord framing (masked CRC-32C) around tensorflow.Event messages,
// encoded by hand: two message types are all that scalars need.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/append_file.h"

namespace runner::lvm {

class TensorBoardWriter {
 public:
  // Starts a new file in `folder`; TensorBoard reads all files of a folder as one run. With `first_step`,
  // what the files before have from that step on is taken back: a resumed run writes it again. Throws
  // RunError.
  explicit TensorBoardWriter(const std::filesystem::path& folder, std::int64_t first_step = 0);
  void add(std::int64_t step, const std::vector<std::pair<std::string, double>>& scalars);

 private:
  void write_record(const std::string& message);
  std::optional<AppendFile> file_;
};

// CRC-32C (Castagnoli), as RFC 3720 defines it.
std::uint32_t crc32c(const std::string& bytes);

}  // namespace runner::lvm
