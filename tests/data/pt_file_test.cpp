#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "data/npz.h"
#include "data/pt_file.h"
#include "make_files.h"

namespace runner::data {
namespace {
using ::testing::HasSubstr;

class OldModel : public ::testing::TestWithParam<const char*> {};

// The four files hold the model of parity/final_transformer_p6b_v23.npz.
TEST_P(OldModel, GivesTheWeightsAndSettingsItWasSavedWith) {
  const PtFile model = read_pt_file(test::fixtures + "/old_model/" + GetParam());
  const Npz weights(test::fixtures + "/parity/final_transformer_p6b_v23.npz");
  std::map<std::string, const PtTensor*> tensors;
  for (const PtTensor& tensor : model.tensors) tensors[tensor.name] = &tensor;
  EXPECT_EQ(tensors.size(), weights.names().size());
  for (const std::string& name : weights.names()) {
    const Array expected = weights.array(name);
    ASSERT_TRUE(tensors.count(name)) << name;
    EXPECT_EQ(tensors[name]->shape, expected.header.shape) << name;
    EXPECT_EQ(tensors[name]->dtype, "float32");
    EXPECT_EQ(tensors[name]->bytes, read_bytes(expected)) << name;
  }
  EXPECT_EQ(model.values["model_type"], "transformer");
  EXPECT_EQ(model.values["epoch"], 12);
  EXPECT_EQ(model.values["model_config"]["d_model"], 32);
  EXPECT_TRUE(model.values["val_loss"].is_number());
  EXPECT_TRUE(model.values["val_cosine"].is_number());
  EXPECT_TRUE(model.values["args"].is_object());
}

INSTANTIATE_TEST_SUITE_P(Files, OldModel,
                         ::testing::Values("best_model_torch113.pt", "best_model_torch113_numpy_scalars.pt",
                                           "best_model_torch215.pt", "best_model_torch215_numpy_scalars.pt"));

TEST(PtFile, RefusesWhatIsNoModel) {
  const test::TemporaryFolder folder;
  folder.write("x.pt", "hello, this is no model");
  EXPECT_THAT(test::message_of<DataError>([&] { read_pt_file(folder / "x.pt"); }),
              HasSubstr("no PyTorch model file"));
  EXPECT_THAT(test::message_of<DataError>([&] { read_pt_file(test::fixtures + "/sequences/input.npz"); }),
              HasSubstr("no entry data.pkl"));
}

}  // namespace
}  // namespace runner::data
