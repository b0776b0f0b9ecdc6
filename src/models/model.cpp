#include "models/model.h"

#include <ATen/CPUGeneratorImpl.h>

#include "models/amn.h"
#include "models/gru.h"
#include "models/lstm.h"
#include "models/positional_scalar.h"
#include "models/residual_next.h"
#include "models/transformer.h"
#include "models/unit_vectors.h"

namespace runner::lvm {

namespace {

template <class T>
std::shared_ptr<Model> make(const ModelSizes& sizes, torch::Generator generator) {
  return std::make_shared<T>(sizes, std::move(generator));
}

// Every model there is. Their sizes and defaults: model_options.cpp.
std::shared_ptr<Model> make(ModelType type, const ModelSizes& sizes, torch::Generator generator) {
  switch (type) {
    case ModelType::transformer:
      return make<Transformer>(sizes, std::move(generator));
    case ModelType::lstm:
      return make<Lstm>(sizes, std::move(generator));
    case ModelType::gru:
      return make<Gru>(sizes, std::move(generator));
    case ModelType::amn:
      break;
  }
  return make<Amn>(sizes, std::move(generator));
}

}  // namespace

Prediction normalised(const torch::Tensor& raw) {
  const auto full = raw.to(torch::kFloat32);
  return {full, unit(full, 1e-12)};
}

torch::Tensor Model::with_position(const torch::Tensor& contexts) const {
  if (sizes_.positional_scalar == 0) return contexts;
  const double s = is_training() ? ramped_scalar(sizes_, epoch0_) : sizes_.positional_scalar;
  return append_positional_scalar(contexts, s);
}

Prediction Model::predicted(const torch::Tensor& output, const torch::Tensor& contexts) const {
  return normalised(residual_ ? residual_->base(contexts) + output : output);
}

void Model::add_residual() {
  const torch::NoGradGuard no_grad;
  auto parameters = this->parameters();  // every model registers its output layer last
  for (std::size_t i = parameters.size() - 2; i < parameters.size(); ++i) parameters[i].zero_();
  residual_ = register_module("residual", std::make_shared<Residual>(sizes_.residual, sizes_.context));
}

std::shared_ptr<Model> make_model(const ModelSizes& sizes, torch::Generator generator) {
  auto model = make(sizes.type, sizes, std::move(generator));
  if (sizes.residual != ResidualKind::none) model->add_residual();
  if (sizes.residual_next) return std::make_shared<ResidualNext>(std::move(model));
  return model;
}

std::shared_ptr<Model> make_model(const ModelSizes& sizes, std::uint64_t seed) {
  return make_model(sizes, at::make_generator<at::CPUGeneratorImpl>(seed));
}

}  // namespace runner::lvm
