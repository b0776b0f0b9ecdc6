#include "data/formats/records/record_writer.h"

#include "data/formats/numpy/npz_sink.h"
#include "data/formats/records/text_sink.h"

namespace runner::data {

RecordFormat record_format(std::optional<RecordFormat> wanted, const std::string& output) {
  if (wanted) return *wanted;
  for (const RecordFormat format : {RecordFormat::tsv, RecordFormat::jsonl, RecordFormat::json})
    if (output.ends_with("." + to_word(format))) return format;
  return RecordFormat::npz;
}

RecordWriter::RecordWriter(const std::string& output, RecordFormat format, std::vector<Column> columns,
                           std::int64_t rows, const char* numbered, IfTaken if_taken)
    : sink_(format == RecordFormat::npz ? npz_sink(output, std::move(columns), rows, if_taken)
                                        : text_sink(output, std::move(columns), numbered, format, if_taken)) {
}

RecordWriter::~RecordWriter() = default;

void RecordWriter::append(std::int64_t count, const std::vector<const void*>& values) {
  sink_->append(count, values);
}

void RecordWriter::finish() {
  sink_->finish();
}

std::string RecordWriter::target() const {
  return sink_->target();
}

}  // namespace runner::data
