#pragma once
// What files hold, as a step's inputs and output are compared.

#include <map>
#include <string>

#include "contract/input_record.h"
#include "data/content_hash.h"

namespace runner::cli {

class Contents {
 public:
  // Of a file; of a run's folder, its weights and configuration, whatever else comes and goes in it; of
  // another folder, the files in it. Each is read once, and again when its size, inode or time has changed.
  // Throws DataError.
  InputRecord of(const std::string& path);

 private:
  struct Known {
    data::FileStamp stamp;
    std::string hash;
  };
  const std::string& hash_of(const std::string& file);
  std::map<std::string, Known> known_;
};

}  // namespace runner::cli
