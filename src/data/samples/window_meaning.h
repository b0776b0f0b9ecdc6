#pragma once
// How the windows of a sequences file were cut, as the file itself tells it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/formats/numpy/npz_writer.h"

namespace runner::data {

// In a file: arrays of one number each, `context`, `target_offset` and `within_article`; what it does not
// tell is empty.
struct WindowMeaning {
  std::optional<std::int64_t> context;        // T
  std::optional<std::int64_t> target_offset;  // rows from the context's last to the target
  std::optional<bool> within_article;
};

// What sequences files tell, all of them the same. The old tools' p6_offset counts from 0. Throws DataError:
// an array of another kind, a context that is not the contexts' own, files that contradict each other.
WindowMeaning read_window_meaning(const std::vector<std::string>& paths);

// T of a sequences file, by the shape of its contexts. Throws DataError.
std::int64_t context_of(const std::string& path);

void write_window_meaning(NpzWriter& writer, const WindowMeaning& meaning);

}  // namespace runner::data
