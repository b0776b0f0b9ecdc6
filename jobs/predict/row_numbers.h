#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace runner::jobs {

// "" when the index's ids are the row numbers of these vectors files, else why they are not: its manifest (of
// `runner index`) names other ids or inputs of other contents; without a manifest, it holds another number of
// rows. Throws DataError.
std::string no_row_numbers(const std::string& index, std::int64_t rows,
                           const std::vector<std::string>& inputs);

}  // namespace runner::jobs
