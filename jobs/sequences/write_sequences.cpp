#include "jobs/sequences/write_sequences.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "base/error.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/status.h"
#include "base/time.h"
#include "data/formats/numpy/npz_writer.h"
#include "data/samples/metadata.h"

namespace runner::jobs {
namespace {

constexpr std::int64_t piece_floats = 4 << 20;  // 16 MB

// Calls use(first, count, contexts, targets) for pieces of all samples in order; one of the two is null.
template <class Use>
void for_pieces(const data::SampleSource& samples, bool contexts, Progress& progress, std::int64_t done,
                Use use) {
  const std::int64_t row = samples.width() * (contexts ? samples.context() : 1);
  const std::int64_t step = std::max<std::int64_t>(1, piece_floats / row);
  std::vector<float> values(static_cast<std::size_t>(std::min(step, samples.size()) * row));
  std::vector<std::int64_t> ids(static_cast<std::size_t>(std::min(step, samples.size())));
  for (std::int64_t first = 0; first < samples.size(); first += step) {
    const std::int64_t count = std::min(step, samples.size() - first);
    std::iota(ids.begin(), ids.begin() + count, first);
    samples.gather(ids.data(), count, contexts ? values.data() : nullptr, contexts ? nullptr : values.data());
    samples.release();
    use(count, values.data(), static_cast<std::size_t>(count * row) * sizeof(float));
    progress.update(done + (first + count) * row);
    status::beat();
    if (const int signal = stop_signal())
      throw Interrupted(signal,
                        "stopped while writing; nothing was left behind, a file of that name is as it was");
  }
}

template <class Number>
void write_numbers(data::NpzWriter& writer, const char* name, std::int64_t count, Number number) {
  constexpr std::int64_t step = 1 << 16;
  std::vector<std::int64_t> values;
  writer.begin(name, data::DType::i64, {count});
  for (std::int64_t first = 0; first < count; first += step) {
    values.clear();
    for (std::int64_t i = first; i < std::min(first + step, count); ++i) values.push_back(number(i));
    writer.append(values.data(), values.size() * sizeof(std::int64_t));
  }
  writer.end();
}

// What create_training_sequences' files held besides the vectors: pickled dicts, and the sizes as scalars.
void write_legacy(data::NpzWriter& writer, const data::SampleSource& samples,
                  const SequencesOptions& options) {
  const auto p6_offset = options.target_offset - 1;
  std::vector<data::MetadataRow> rows;
  rows.reserve(static_cast<std::size_t>(samples.size()));
  for (std::int64_t i = 0; i < samples.size(); ++i)
    rows.push_back({samples.article(i), samples.last_context_article(i), samples.target_chunk(i)});
  writer.write_object("metadata", {samples.size()}, data::pickle_metadata(rows, p6_offset));
  const auto scalar = [&](const char* name, std::int64_t value) {
    writer.write(name, data::DType::i64, {}, &value);
  };
  scalar("context_length", samples.context());
  scalar("num_sequences", samples.size());
  scalar("vector_dim", samples.width());
  scalar("p6_offset", p6_offset);
  const bool p6 = p6_offset > 0;
  writer.write("p6_mode", data::DType::boolean, {}, &p6);
}

}  // namespace

Written write_sequences(const data::SampleSource& samples, const data::WindowMeaning& meaning,
                        const SequencesOptions& options, data::InputWatch& inputs, IfTaken if_taken) {
  Written written;
  const std::int64_t n = samples.size(), length = samples.context(), width = samples.width();
  data::NpzWriter writer(
      options.output, options.compress ? data::Compression::deflated : data::Compression::stored, if_taken);
  Progress progress("sequences", n * (length + 1) * width, "values");
  status::set_phase("write sequences");
  writer.begin("context_sequences", data::DType::f32, {n, length, width});
  for_pieces(samples, true, progress, 0, [&](std::int64_t count, const float* values, std::size_t bytes) {
    written.coherence.add(values, count, length, width);
    writer.append(values, bytes);
  });
  writer.end();
  writer.begin("target_vectors", data::DType::f32, {n, width});
  for_pieces(samples, false, progress, n * length * width,
             [&](std::int64_t, const float* values, std::size_t bytes) { writer.append(values, bytes); });
  writer.end();
  if (samples.has_articles()) {
    write_numbers(writer, "article_ids", n, [&](std::int64_t i) { return samples.article(i); });
    if (!options.within_article)
      write_numbers(writer, "last_context_article", n,
                    [&](std::int64_t i) { return samples.last_context_article(i); });
  }
  if (n > 0 && samples.target_chunk(0) >= 0)
    write_numbers(writer, "target_indices", n, [&](std::int64_t i) { return samples.target_chunk(i); });
  data::write_window_meaning(writer, meaning);
  if (options.legacy_metadata) write_legacy(writer, samples, options);
  inputs.check();
  status::set_phase("flush to disk");
  const auto start = std::chrono::steady_clock::now();
  writer.finish();
  written.fsync_s = seconds_since(start);
  written.bytes = writer.bytes_written();
  written.output = writer.target().string();
  return written;
}

}  // namespace runner::jobs
