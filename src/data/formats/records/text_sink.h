#pragma once
// Inside data/ only: records as text and JSON.

#include <memory>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "data/formats/records/record_sink.h"
#include "data/formats/records/record_writer.h"

namespace runner::data {

// Any format but npz; `numbered` as RecordWriter has it.
std::unique_ptr<RecordSink> text_sink(const std::string& output, std::vector<Column> columns,
                                      const char* numbered, RecordFormat format, IfTaken if_taken);

}  // namespace runner::data
