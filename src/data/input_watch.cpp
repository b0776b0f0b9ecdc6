#include "data/input_watch.h"

#include "base/error.h"
#include "base/log.h"

namespace runner::data {

InputWatch::InputWatch(const std::vector<std::string>& paths) : paths_(paths) {
  for (const std::string& path : paths_) stamps_.push_back(file_stamp(path));
}

void InputWatch::check() {
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    FileStamp& then = stamps_[i];
    if (then.inode == 0) continue;  // replaced before, and said
    FileStamp now;
    try {
      now = file_stamp(paths_[i]);
    } catch (const DataError&) {
      now.inode = 0;  // removed
    }
    if (now == then) continue;
    if (now.inode != then.inode) {
      spdlog::warn("{}: was replaced or removed; this job goes on with the file that it has opened",
                   paths_[i]);
      now.inode = 0;
    } else if (now.size != then.size || hashes_.empty() || hash_file(paths_[i]) != hashes_[i]) {
      throw DataError(
          fmt::format(
              "was overwritten while this job read it ({} bytes, now {}): what it has read since is a "
              "mixture of both, and nothing of it is kept; write a new file beside it and rename it, or wait "
              "for the job's end",
              then.size, now.size),
          paths_[i]);
    }
    then = now;
  }
}

}  // namespace runner::data
