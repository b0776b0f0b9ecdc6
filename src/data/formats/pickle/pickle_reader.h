#pragma once
// Inside data/ only.

#include <string>

#include "data/formats/pickle/pickle_store.h"

namespace runner::data {

// Reads store.bytes; what it makes belongs to `store`. Returns the root. Throws DataError at `place`.
const Value* read_pickle(Pickle::Store& store, const std::string& place, Unknown unknown);

}  // namespace runner::data
