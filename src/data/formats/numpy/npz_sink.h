#pragma once
// Inside data/ only: records as .npz.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "data/formats/records/record_sink.h"
#include "data/formats/records/record_writer.h"

namespace runner::data {

// The first column is written as it comes, the others wait in unlinked files beside the output.
std::unique_ptr<RecordSink> npz_sink(const std::string& output, std::vector<Column> columns,
                                     std::int64_t rows, IfTaken if_taken);

}  // namespace runner::data
