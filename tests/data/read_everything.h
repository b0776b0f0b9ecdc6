#pragma once
// Takes a file through every reader of data/, as jobs would.

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/formats/numpy/npz.h"
#include "data/formats/pickle/pt_file.h"
#include "data/samples/metadata.h"
#include "data/samples/samples.h"
#include "data/samples/sequence_samples.h"
#include "data/samples/window_samples.h"

namespace runner::test {

// Runs the action; true when it refused the file with a DataError. Any other exception goes on.
template <class Action>
bool refused(Action action) {
  try {
    action();
    return false;
  } catch (const DataError&) {
    return true;
  }
}

inline void gather_first(const data::SampleSource& samples) {
  if (samples.size() == 0) return;
  const std::int64_t last = samples.size() - 1;
  std::vector<float> context(static_cast<std::size_t>(samples.context() * samples.width()));
  std::vector<float> target(static_cast<std::size_t>(samples.width()));
  samples.gather(&last, 1, context.data(), target.data());
}

// How many of the readers refused it (0: the file is sound and of every kind).
inline int read_everything(const std::string& path) {
  int refusals = 0;
  refusals += refused([&] {
    const data::Npz file(path);
    for (const std::string& name : file.names()) data::read_bytes(file.array(name), 64 << 20);
  });
  refusals += refused([&] {
    data::Vectors vectors(path);
    vectors.check_values();
    vectors.allow_random_access();
    gather_first(*data::open_windows(std::make_shared<data::Vectors>(std::move(vectors)), {}));
  });
  refusals += refused([&] {
    const auto samples = data::open_sequences({path});
    samples->check_values();
    gather_first(*samples);
  });
  refusals += refused([&] { data::read_pt_file(path); });
  return refusals;
}

}  // namespace runner::test
