#pragma once
// What training and evaluation read: samples, each a context [T, D] and a target [D], wherever they come
// from.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/samples/vectors.h"
#include "data/samples/windows.h"

namespace runner::data {

class SampleSource {
 public:
  virtual ~SampleSource() = default;
  virtual std::int64_t size() const = 0;
  virtual std::int64_t context() const = 0;  // T
  virtual std::int64_t width() const = 0;    // D
  // contexts [n, T, D], targets [n, D]; either may be null. Thread-safe.
  virtual void gather(const std::int64_t* ids, std::int64_t n, float* contexts, float* targets) const = 0;
  virtual bool has_articles() const = 0;
  virtual std::int64_t article(std::int64_t id) const = 0;       // of the target; 0 when unknown
  virtual std::int64_t target_chunk(std::int64_t id) const = 0;  // its chunk number; -1 when unknown
  virtual std::int64_t target_row(std::int64_t id) const = 0;    // row in vectors(); -1 without them
  // Row in vectors() of the context's vector j (0 … T-1); -1 without them.
  virtual std::int64_t context_row(std::int64_t, std::int64_t) const { return -1; }
  virtual const Vectors* vectors() const = 0;  // nullptr for a sequences file
  virtual std::string place() const {
    return vectors() == nullptr ? "" : vectors()->place();
  }  // for messages
  // Article of the context's last vector; that of the target where it is not told.
  virtual std::int64_t last_context_article(std::int64_t id) const { return article(id); }
  // Gives all mapped pages back, for readers in file order who want to stay small.
  virtual void release() const = 0;
  // Values as Vectors::check_values looks at them. Throws DataError.
  virtual ValueCheck check_values() const = 0;
};

// Windows over vectors files or ready sequences, told apart by the arrays inside (`options` is not used for
// sequences). All files of one kind.
std::unique_ptr<SampleSource> open_samples(const std::vector<std::string>& paths,
                                           const WindowOptions& options);

}  // namespace runner::data
