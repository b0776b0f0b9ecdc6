#pragma once

#include <memory>

#include "data/samples/samples.h"
#include "jobs/sequences/neighbors.h"

namespace runner::jobs {

// These rows as samples.
std::unique_ptr<data::SampleSource> open_neighbors(std::shared_ptr<const data::Vectors> vectors,
                                                   NeighborRows rows);

}  // namespace runner::jobs
