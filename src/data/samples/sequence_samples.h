#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/samples/samples.h"

namespace runner::data {

// Ready sequences, one or several files after each other. Arrays and aliases: README.md, "Your own data".
std::unique_ptr<SampleSource> open_sequences(const std::vector<std::string>& paths);

}  // namespace runner::data
