#pragma once
// The parts of an index, beside its name, until they are merged:
//
//   NAME.index.shards/0003-of-0008.index                 rows of part 3/8; FAISS opens it
//   NAME.index.shards/0003-of-0008.index.manifest.json   what it was made of; written last, so a part without
//   it is none NAME.index.shards/0003-of-0008.index.lock            held by the process that builds it
//   NAME.index.shards/0003-of-0008.index.tmp             being built; left over only by a killed build
//   NAME.index.shards/trained.index                      types that are trained: what every part is added to
//
// Parts are built on any machine that sees the folder, and know of each other by it alone.

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "contract/manifest.h"
#include "index/shards/shard.h"

namespace runner::ann {

// What a part was made of. `inputs` has a hash for the files that its rows lie in, "" for the others.
struct ShardManifest {
  Shard shard;
  std::int64_t first_row = 0, rows = 0, total_rows = 0, width = 0;
  std::uint64_t bytes = 0;     // of the file
  std::string xxh64, trained;  // of the file; of what it was added to, "" when nothing is trained
  Json settings;               // as the index's own manifest has them
  std::vector<InputRecord> inputs;
  Json to_json() const;
};
// Nothing but what was written so: throws DataError, place `file`.
ShardManifest shard_manifest(const Manifest& manifest, const std::string& file);

struct ShardFile {
  std::filesystem::path file;
  ShardManifest manifest;
};

class ShardFolder {
 public:
  explicit ShardFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}
  static ShardFolder of_index(const std::filesystem::path& index) {
    return ShardFolder(index.string() + ".shards");
  }

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path file(const Shard& shard) const;
  std::filesystem::path trained() const { return folder_ / "trained.index"; }

  // Parts by another number of parts than this. Throws UsageError when there are such: a folder holds one
  // division.
  void expect_division(std::int64_t count) const;
  // Every part, in order, with its manifest and of the size that this tells. Throws DataError that names
  // those missing, being built, or torn, and how each is built.
  std::vector<ShardFile> all() const;
  // After a merge: removes what was made here, and the folder if nothing else is in it. Nothing while a part
  // is being built.
  void remove() const;

 private:
  std::filesystem::path folder_;
};

// Throws DataError that names the part and what differs when it is none of the index that these settings and
// inputs make (or, with null and none, when the parts are not all of one index).
void expect_one_index(const std::vector<ShardFile>& parts, const Json& settings,
                      const std::vector<InputRecord>& inputs);

// Replaces a part: the built file gets its name, then its manifest is written.
void publish_shard(const std::filesystem::path& built, const std::filesystem::path& file,
                   const Json& manifest);

}  // namespace runner::ann
