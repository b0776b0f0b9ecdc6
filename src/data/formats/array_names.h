#pragma once
// The names an array may go by. Each returns the one that the file has, or nothing.

#include <optional>
#include <string>

#include "data/formats/numpy/npz.h"

namespace runner::data {

std::optional<std::string> find_vectors(const Npz& file);
std::optional<std::string> find_contexts(const Npz& file);
std::optional<std::string> find_targets(const Npz& file);

}  // namespace runner::data
