// Pickles: metadata of sequences files and PyTorch's data.pkl.
#include "base/error.h"
#include "data/formats/pickle/pickle.h"
#include "data/formats/zip/zip_archive.h"
#include "data/formats/zip/zip_directory.h"
#include "data/samples/metadata.h"
#include "fuzz/fuzz.h"

using namespace runner::data;

static void read(const std::string& bytes, Unknown unknown) {
  try {
    Pickle(bytes, "input", unknown).root().find("model_config");
  } catch (const runner::DataError&) {
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  read(bytes, Unknown::refuse);
  read(bytes, Unknown::leave_out);
  return 0;
}

std::vector<std::string> fuzz_seeds() {
  const std::string fixtures = std::string(RUNNER_SOURCE_DIR) + "/tests/fixtures/";
  std::vector<std::string> seeds = {pickle_metadata({{1, 1, 5}, {2, 1, 6}}, 1)};
  seeds.push_back(read_bytes(Npz(fixtures + "sequences/old_metadata.npz").array("metadata")));
  for (const char* name : {"best_model_torch113_numpy_scalars.pt", "best_model_torch215_numpy_scalars.pt"}) {
    auto archive = std::make_shared<ZipArchive>(std::make_shared<MappedFile>(fixtures + "old_model/" + name));
    for (const ZipEntry& entry : archive->entries()) {
      if (!entry.name.ends_with("data.pkl")) continue;
      std::string bytes(entry.size, '\0');
      archive->open(entry, 0, name)->read(0, bytes.data(), bytes.size());
      seeds.push_back(bytes);
    }
  }
  return seeds;
}
