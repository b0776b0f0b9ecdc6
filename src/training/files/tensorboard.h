#pragma once
// A TensorBoard event file: TFRecord framing (masked CRC-32C) around tensorflow.Event messages, encoded by
// hand (tensorflow/core/util/event.proto, tensorboard/compat/proto and tensorboard/plugins/hparams): six
// small messages are all that scalars, a text and hyper-parameters need.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/append_file.h"
#include "base/json.h"

namespace runner::lvm {

class TensorBoardWriter {
 public:
  // Starts a new file in `folder`; TensorBoard reads all files of a folder as one run. With `first_step`,
  // what the files before have from that step on is taken back: a resumed run writes it again. Throws
  // RunError.
  explicit TensorBoardWriter(const std::filesystem::path& folder, std::int64_t first_step = 0);
  void add(std::int64_t step, const std::vector<std::pair<std::string, double>>& scalars);
  // For the tab of texts, which shows Markdown.
  void add_text(const std::string& tag, const std::string& text);
  // For the tab of hyper-parameters: an object of numbers, texts and truth values (others are written as
  // texts), and the tags of the scalars that it shows beside them.
  void add_hparams(const Json& values, const std::vector<std::string>& metrics);

 private:
  void write_summary(std::int64_t step, const std::string& summary);
  void write_record(const std::string& message);
  std::optional<AppendFile> file_;
};

// CRC-32C (Castagnoli), as RFC 3720 defines it.
std::uint32_t crc32c(const std::string& bytes);

}  // namespace runner::lvm
