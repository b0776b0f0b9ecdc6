#pragma once
// Which kind of file this is, and the names that its arrays may have (README.md, "Your own data").

#include <optional>
#include <string>

#include "data/formats/numpy/npz.h"

namespace runner::data {

enum class FileKind { vectors, sequences };
// Tells by the arrays inside. Throws DataError, naming the arrays that were looked for and those found.
FileKind detect(const std::string& path);

// The names an array may go by. Each returns the one that the file has, or nothing.
std::optional<std::string> find_vectors(const Npz& file);
std::optional<std::string> find_contexts(const Npz& file);
std::optional<std::string> find_targets(const Npz& file);

}  // namespace runner::data
