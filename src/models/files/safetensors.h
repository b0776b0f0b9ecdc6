#pragma once
// model.safetensors: the format of huggingface/safetensors. Its bytes depend on names, shapes and weights
// alone.

#include <filesystem>
#include <string>
#include <vector>

#include "models/files/pt_writer.h"

namespace runner::lvm {

// Float32 arrays, sorted by name. Atomically. Throws RunError.
void write_safetensors(const std::filesystem::path& path, std::vector<NamedArray> arrays);

struct LoadedArray {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};
// F64, F32, F16 and BF16 arrays as float32. Throws DataError on anything out of bounds or of another type.
std::vector<LoadedArray> read_safetensors(const std::filesystem::path& path);

}  // namespace runner::lvm
