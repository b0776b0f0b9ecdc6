#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/log.h"
#include "base/memory.h"
#include "data/formats/numpy/npz.h"
#include "data/formats/pickle/pt_file.h"
#include "make_files.h"
#include "read_everything.h"
#include "support/test_name.h"

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
                                           "best_model_torch215.pt", "best_model_torch215_numpy_scalars.pt"),
                         [](const auto& info) { return test::test_name(info.param); });

TEST(PtFile, RefusesWhatIsNoModel) {
  const test::TemporaryFolder folder;
  folder.write("x.pt", "hello, this is no model");
  EXPECT_THAT(test::message_of<DataError>([&] { read_pt_file(folder / "x.pt"); }),
              HasSubstr("no PyTorch model file"));
  EXPECT_THAT(test::message_of<DataError>([&] { read_pt_file(test::fixtures + "/sequences/input.npz"); }),
              HasSubstr("no entry data.pkl"));
}

// Python that writes model files as torch.save does, without torch: R(name, …) is pickled as a call of that
// name, G(name) as the name, T(n) as a float32 tensor of n numbers; save() packs a pickle and its storages.
constexpr const char* writer = R"(
import io, os, pickle, struct, sys, types, zipfile
def G(name):
  module, _, leaf = name.rpartition('.')
  if module in ('builtins', 'collections', 'os', 'argparse'):
    return getattr(__import__(module), leaf)
  for i, c in enumerate(module + '.'):
    if c == '.': sys.modules.setdefault(module[:i], types.ModuleType(module[:i]))
  at = sys.modules[module]
  if not hasattr(at, leaf):
    f = lambda *a: None
    f.__module__, f.__name__, f.__qualname__ = module, leaf, leaf
    setattr(at, leaf, f)
  return getattr(at, leaf)
class R:
  def __init__(self, name, *arguments): self.call = G(name), arguments
  def __reduce__(self): return self.call
class S:
  def __init__(self, n, kind='torch.FloatStorage'): self.n, self.kind = n, kind
def T(n, rebuild='torch._utils._rebuild_tensor_v2', *more):
  return R(rebuild, S(n), 0, (n,), (1,), False, R('collections.OrderedDict'), *more)
class P(pickle.Pickler):
  def persistent_id(self, o):
    return ('storage', G(o.kind), str(o.n), 'cpu', o.n) if isinstance(o, S) else None
def save(path, value, storages=(4,), how=zipfile.ZIP_STORED):
  if not isinstance(value, bytes):
    out = io.BytesIO(); P(out, 2).dump(value); value = out.getvalue()
  with zipfile.ZipFile(path, 'w', how) as z:
    z.writestr('archive/data.pkl', value)
    for n in storages: z.writestr(f'archive/data/{n}', struct.pack(f'<{n}f', *range(n)))
model = {'model_type': 'amn', 'model_config': {'d_model': 3}}
)";

std::string write_pt(const test::TemporaryFolder& folder, const std::string& script) {
  EXPECT_EQ(test::run_numpy(folder.path(), writer + script), "");
  return (folder / "x.pt").string();
}

TEST(PtFile, ReadsWhatPyTorchsSafeLoaderReads) {
  if (!test::have_numpy()) GTEST_SKIP() << "no python3 with NumPy";
  const test::TemporaryFolder folder;
  const PtFile file = read_pt_file(write_pt(folder, R"(
u = lambda f: R('torch._utils._rebuild_' + f, T(4), True, R('collections.OrderedDict'))
state = {'plain': T(4), 'parameter': u('parameter'),
         'state': R('torch._utils._rebuild_parameter_with_state', T(4), True, R('collections.OrderedDict'), {}),
         'subclass': R('torch._tensor._rebuild_from_type_v2', G('torch._utils._rebuild_tensor_v2'),
                       G('torch.Tensor'), (S(4), 0, (4,), (1,), False, R('collections.OrderedDict')), {}),
         'v3': T(4, 'torch._utils._rebuild_tensor_v3', G('torch.float32'))}
args = {'size': R('torch.Size', (2, 3)), 'complex': 3 + 4j, 'device': R('torch.device', 'cuda', 1),
        'cpu': R('torch.device', 'cpu'), 'dtype': G('torch.bfloat16'), 'set': {7}, 'frozen': frozenset([8]),
        'bytes': bytearray(b'ab'), 'counter': __import__('collections').Counter('aab')}
save('x.pt', {**model, 'model_state_dict': state, 'args': args}))"));
  ASSERT_EQ(file.tensors.size(), 5u);
  for (const PtTensor& tensor : file.tensors) {
    EXPECT_EQ(tensor.dtype, "float32") << tensor.name;
    EXPECT_EQ(tensor.bytes, file.tensors[0].bytes) << tensor.name;
  }
  const Json& args = file.values["args"];
  EXPECT_EQ(args["size"], Json({2, 3}));
  EXPECT_EQ(args["complex"], Json({3.0, 4.0}));
  EXPECT_EQ(args["device"], "cuda:1");
  EXPECT_EQ(args["cpu"], "cpu");
  EXPECT_EQ(args["dtype"], "torch.bfloat16");
  EXPECT_EQ(args["set"], Json({7}));
  EXPECT_EQ(args["frozen"], Json({8}));
  EXPECT_EQ(args["counter"], Json({{"a", 2}, {"b", 1}}));
}

TEST(PtFile, WhatNobodyReadsNeverMakesItUnreadable) {
  if (!test::have_numpy()) GTEST_SKIP() << "no python3 with NumPy";
  const test::TemporaryFolder folder;
  const PtFile file = read_pt_file(write_pt(folder, R"(
import argparse
class Unknown(dict):
  def __init__(self, **k): super().__init__(**k); self.extra = 5
class Listed(list): pass
sys.modules['my_project'] = types.ModuleType('my_project')
for c in (Unknown, Listed): c.__module__ = 'my_project'; c.__qualname__ = c.__name__; setattr(sys.modules['my_project'], c.__name__, c)
save('x.pt', {**model, 'model_state_dict': {'w': T(4)}, 'epoch': 3, 'optimizer_state_dict': Unknown(a=Listed([1])),
              'args': argparse.Namespace(lr=1), 'hook': R('os.system', 'touch executed'), 'kind': R('numpy.dtype', 'V8'),
              'rng': R('torch.ByteTensor', 5), 'odd': S(4, 'torch.ComplexFloatStorage'), 'big': 10 ** 5000}))"));
  EXPECT_EQ(file.tensors.size(), 1u);
  EXPECT_EQ(file.values["epoch"], 3);
  EXPECT_EQ(file.values["model_type"], "amn");
  EXPECT_TRUE(file.values["args"].is_null());
  EXPECT_FALSE(std::filesystem::exists(folder / "executed"));
}

TEST(PtFile, RefusesByNameWhatIsReadAndUnknown) {
  if (!test::have_numpy()) GTEST_SKIP() << "no python3 with NumPy";
  const std::pair<const char*, const char*> cases[] = {
      {"save('x.pt', {**model, 'model_state_dict': {'w': R('os.system', 'touch executed')}})",
       "x.pt: w: this pickle asks for posix.system"},
      {"save('x.pt', {**model, 'model_state_dict': R('os.system', 'touch executed')})",
       "model_state_dict: this pickle asks for posix.system"},
      {"save('x.pt', {'model_type': 'amn', 'model_config': {'d': [R('builtins.eval', '1')]}, "
       "'model_state_dict': "
       "{'w': T(4)}})",
       "model_config: this pickle asks for __builtin__.eval"},
      {"save('x.pt', R('my_project.Model', 1))", "x.pt: this pickle asks for my_project.Model"},
      {"save('x.pt', {**model, 'model_state_dict': {'w': R('torch._utils._rebuild_tensor_v2', S(4, "
       "'torch.ComplexFloatStorage'), 0, (4,), (1,), False, None)}})",
       "x.pt: w: is of torch's type ComplexFloat"}};
  for (const auto& [script, message] : cases) {
    const test::TemporaryFolder folder;
    const std::string path = write_pt(folder, script);
    EXPECT_THAT(test::message_of<DataError>([&] { read_pt_file(path); }), HasSubstr(message));
    EXPECT_FALSE(std::filesystem::exists(folder / "executed"));
  }
}

TEST(PtFile, TakesTheLastOfEqualNames) {
  if (!test::have_numpy()) GTEST_SKIP() << "no python3 with NumPy";
  const test::TemporaryFolder folder;
  const PtFile file = read_pt_file(write_pt(folder, R"(
out = io.BytesIO(); P(out, 2).dump({**model, 'model_state_dict': {'w': T(4), 'W': T(2)}})
save('x.pt', out.getvalue().replace(b'\x01\x00\x00\x00W', b'\x01\x00\x00\x00w'), (4, 2)))"));
  ASSERT_EQ(file.tensors.size(), 1u);
  EXPECT_EQ(file.tensors[0].shape, std::vector<std::int64_t>{2});
}

// Files of some KB that would like to be GB: memo numbers, lists shared by lists, calls that copy, tensors of
// one storage, texts and deep nests; packed a thousand to one.
TEST(PtFile, StaysSmallWhateverASmallFileAsksFor) {
  if (!test::have_numpy()) GTEST_SKIP() << "no python3 with NumPy";
  const std::pair<const char*, const char*> bombs[] = {
      {"memo", "b'\\x80\\x02N' + b''.join(b'r' + struct.pack('<I', 900 * i) for i in range(40000)) + b'.'"},
      {"calls",
       "b'\\x80\\x02' + b'](' + b'NN\\x86' * 10000 + b'eq\\x00' + "
       "b'ccollections\\nOrderedDict\\nq\\x010' + b'h\\x01h\\x00\\x85R' * 20000 + b'.'"},
      {"texts",
       "b'\\x80\\x02c_codecs\\nencode\\nq\\x00X' + struct.pack('<I', 50000) + b'a' * 50000 + "
       "b'X\\x06\\0\\0\\0latin1\\x86q\\x01' + b'h\\x00h\\x01R0' * 20000 + b'.'"},
      {"marks", "b'\\x80\\x02' + b'(' * 200000 + b'.'"},
      {"nest", "b'\\x80\\x02' + b']' * 100000 + b'a' * 99999 + b'.'"},
      {"long", "b'\\x80\\x02\\x8b' + struct.pack('<I', 2**31 - 1) + b'.'"},
      {"unicode", "b'\\x80\\x04\\x8d' + struct.pack('<Q', 2**62) + b'.'"}};
  for (const auto& [name, pickle] : bombs) {
    const test::TemporaryFolder folder;
    const std::string path =
        write_pt(folder, fmt::format("save('x.pt', {}, (), zipfile.ZIP_DEFLATED)", pickle));
    const double before = peak_memory_mb();
    EXPECT_TRUE(test::refused([&] { read_pt_file(path); })) << name;
    EXPECT_LT(peak_memory_mb() - before, 150) << name;
  }
  const test::TemporaryFolder folder;  // sound, and 3 GB of JSON if it were written out
  const double before = peak_memory_mb();
  const PtFile file = read_pt_file(write_pt(folder, R"(
x = [1] * 300
for i in range(3): x = [x] * 300
save('x.pt', {**model, 'model_state_dict': {'w': T(4)}, **{f'k{i}': x for i in range(300)}}))"));
  EXPECT_EQ(file.values["model_type"], "amn");
  EXPECT_LT(peak_memory_mb() - before, 150);
}

}  // namespace
}  // namespace runner::data
