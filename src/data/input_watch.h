#pragma once
// Notices that an input was overwritten while a job read it: its results would come from a mixture of two
// files.

#include <string>
#include <vector>

#include "base/error.h"
#include "data/content_hash.h"

namespace runner::data {

class InputWatch {
 public:
  InputWatch() = default;
  // Before the files are opened. Throws DataError.
  explicit InputWatch(const std::vector<std::string>& paths);
  // Once they have been read: their hash_file() values. A file that is written again with the same bytes is
  // then no other one.
  void set_hashes(std::vector<std::string> hashes) { hashes_ = std::move(hashes); }

  // Call it before anything is written that depends on the inputs. Throws DataError, naming the file, when
  // one was overwritten in place. One that was replaced by a rename, or removed, is only warned of, once:
  // what has been opened stays what it was.
  void check();
  // f(). When it finds the data bad and an input was overwritten meanwhile, that is what is said: a half of
  // two files looks damaged.
  template <class F>
  auto over(const F& f) {
    try {
      return f();
    } catch (const DataError&) {
      check();
      throw;
    }
  }

 private:
  std::vector<std::string> paths_, hashes_;
  std::vector<FileStamp> stamps_;
};

}  // namespace runner::data
