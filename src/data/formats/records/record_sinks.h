#pragma once
// Inside data/ only: where a RecordWriter's rows go.

#include <memory>

#include "data/formats/records/record_writer.h"

namespace runner::data {

class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void append(std::int64_t count, const std::vector<const void*>& values) = 0;
  virtual void finish() = 0;
  virtual std::string target() const = 0;
};

// The first column is written as it comes, the others wait in unlinked files beside the output.
std::unique_ptr<RecordSink> npz_sink(const std::string& output, std::vector<Column> columns,
                                     std::int64_t rows, IfTaken if_taken);
std::unique_ptr<RecordSink> text_sink(const std::string& output, std::vector<Column> columns,
                                      const char* numbered, bool json, IfTaken if_taken);

}  // namespace runner::data
