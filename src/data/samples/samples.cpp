#include "data/samples/samples.h"

#include "base/error.h"
#include "data/samples/detect.h"
#include "data/samples/sequence_samples.h"
#include "data/samples/window_samples.h"

namespace runner::data {

std::unique_ptr<SampleSource> open_samples(const std::vector<std::string>& paths,
                                           const WindowOptions& options) {
  if (paths.empty()) throw DataError("no data file given");
  const FileKind kind = detect(paths[0]);
  for (const std::string& path : paths)
    if (detect(path) != kind)
      throw DataError("vectors and ready sequences cannot be mixed; " + paths[0] + " is of the other kind",
                      path);
  if (kind == FileKind::sequences) return open_sequences(paths);
  auto vectors = std::make_shared<Vectors>(paths);
  vectors->allow_random_access();
  return open_windows(std::move(vectors), options);
}

}  // namespace runner::data
