#pragma once
// Inside data/ only: records as text and JSON lines.

#include <memory>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "data/formats/records/record_sink.h"
#include "data/formats/records/record_writer.h"

namespace runner::data {

// With `json` a JSON object a row, else tab-separated text; `numbered` as RecordWriter has it.
std::unique_ptr<RecordSink> text_sink(const std::string& output, std::vector<Column> columns,
                                      const char* numbered, bool json, IfTaken if_taken);

}  // namespace runner::data
