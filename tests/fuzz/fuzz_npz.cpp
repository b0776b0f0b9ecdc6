// .npz, .npy and .pt files, through every reader of data/.
#include "data/read_everything.h"
#include "fuzz/fuzz.h"
#include "support/temporary_folder.h"

using runner::test::file_contents;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const runner::test::TemporaryFolder folder;
  const std::string path = folder.write("x.npz", std::string(reinterpret_cast<const char*>(data), size));
  runner::test::read_everything(path);
  return 0;
}

std::vector<std::string> fuzz_seeds() {
  const std::string fixtures = std::string(RUNNER_SOURCE_DIR) + "/tests/fixtures/";
  const std::string npy = runner::data::npy_header(runner::data::DType::f16, {3, 2}) + "abcdefghijkl";
  return {file_contents(fixtures + "sequences/input.npz"), file_contents(fixtures + "sequences/excluded.npz"),
          file_contents(fixtures + "sequences/old_metadata.npz"), npy};
}
