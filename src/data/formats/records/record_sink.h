#pragma once
// Inside data/ only: where a RecordWriter's rows go.

#include <cstdint>
#include <string>
#include <vector>

namespace runner::data {

class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void append(std::int64_t count, const std::vector<const void*>& values) = 0;
  virtual void finish() = 0;
  virtual std::string target() const = 0;
};

}  // namespace runner::data
