#pragma once
// NumPy's arrays of texts: <U12 (UTF-32) and |S12 (bytes).

#include <string>
#include <vector>

#include "data/formats/numpy/npz.h"

namespace runner::data {

// A whole one-dimensional array of texts, as UTF-8 (bytes as they are). Throws DataError for any other array.
std::vector<std::string> read_texts(const Array& array);

}  // namespace runner::data
