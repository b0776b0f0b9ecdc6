// PyTorch's state_dict() and load_state_dict(strict=True) for modules of ours.
#include "models/state_dict.h"

#include <algorithm>
#include <map>

#include "base/error.h"

namespace runner::lvm {

namespace {

// Per module its parameters, then its buffers, then its children: the order of PyTorch's state_dict().
void collect(const torch::nn::Module& module, const std::string& prefix, StateDict& out) {
  for (const auto& item : module.named_parameters(/*recurse=*/false))
    out.emplace_back(prefix + item.key(), item.value());
  for (const auto& item : module.named_buffers(/*recurse=*/false))
    out.emplace_back(prefix + item.key(), item.value());
  for (const auto& child : module.named_children()) collect(*child.value(), prefix + child.key() + ".", out);
}

std::string shape_text(const torch::Tensor& t) {
  std::string text = "[";
  for (std::int64_t i = 0; i < t.dim(); ++i) text += (i ? ", " : "") + std::to_string(t.size(i));
  return text + "]";
}

}  // namespace

StateDict state_dict(const torch::nn::Module& module) {
  StateDict out;
  collect(module, "", out);
  return out;
}

void load_state_dict(torch::nn::Module& module, const StateDict& values, const std::string& place) {
  constexpr std::size_t shown = 4;  // faults named; other sizes give one an entry
  std::map<std::string, torch::Tensor> given(values.begin(), values.end());
  std::vector<std::string> faults;
  const auto own = state_dict(module);
  for (const auto& [name, tensor] : own) {
    const auto found = given.find(name);
    if (found == given.end())
      faults.push_back("missing " + name + " " + shape_text(tensor));
    else if (found->second.sizes() != tensor.sizes())
      faults.push_back(name + " is " + shape_text(found->second) + "; expected " + shape_text(tensor));
  }
  const std::map<std::string, torch::Tensor> wanted(own.begin(), own.end());
  for (const auto& [name, tensor] : given)
    if (!wanted.count(name)) faults.push_back("unexpected " + name + " " + shape_text(tensor));
  if (!faults.empty()) {
    std::string text = "the weights do not fit the model:";
    for (std::size_t i = 0; i < std::min(shown, faults.size()); ++i) text += "\n  " + faults[i];
    if (faults.size() > shown)
      text += "\n  and " + std::to_string(faults.size() - shown) + " more, " + std::to_string(faults.size()) +
              " in all";
    throw DataError(text, place);
  }
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : own) {
    auto target = tensor;
    target.copy_(given.at(name));
  }
}

std::int64_t parameter_count(const torch::nn::Module& module) {
  std::int64_t count = 0;
  for (const auto& p : module.parameters()) count += p.numel();
  return count;
}

}  // namespace runner::lvm
