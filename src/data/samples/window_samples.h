#pragma once

#include <memory>

#include "data/samples/samples.h"

namespace runner::data {

// Windows over vectors files: the same samples that `runner sequences` would write, without writing them.
std::unique_ptr<SampleSource> open_windows(std::shared_ptr<const Vectors> vectors,
                                           const WindowOptions& options);

}  // namespace runner::data
