#include "engines/cpu/model_weights.h"

#include "base/error.h"
#include "base/log.h"

namespace runner::lvm {

std::string engine_misfit(const Model& model, const torch::Device& device) {
  if (!device.is_cpu()) return "it runs on the CPU only";
  if (!dynamic_cast<const Transformer*>(&model))
    return model.sizes().residual_next ? "it does not do model.residual_next"
                                       : "it does the transformer only";
  if (model.compute().bf16 && model.sizes().d_model % 32 != 0)
    return "in bf16 it needs model.d_model to be a multiple of 32";
  return "";
}

cpu::Shape engine_shape(const ModelSizes& sizes, std::int64_t context) {
  if (context > Transformer::max_context)
    throw UsageError(fmt::format("a context of {} vectors; the transformer's position table has {}", context,
                                 Transformer::max_context),
                     "data.context");
  cpu::Shape shape;
  shape.input = sizes.input_dim();
  shape.output = sizes.width;
  shape.d_model = sizes.d_model;
  shape.heads = sizes.heads;
  shape.layers = sizes.layers;
  shape.feedforward = sizes.feedforward;
  shape.context = context;
  shape.residual_weights = sizes.residual == ResidualKind::learned ? sizes.context : 0;
  shape.dropout = sizes.dropout;
  return shape;
}

cpu::Precision engine_precision(const Model& model) {
  return model.compute().bf16 ? cpu::Precision::bf16 : cpu::Precision::fp32;
}

void load_weights(const Transformer& model, cpu::Network& network) {
  const torch::NoGradGuard no_grad;
  const auto parameters = model.named_parameters();
  const auto copy = [](const torch::Tensor& from, float* to) {
    torch::from_blob(to, from.sizes()).copy_(from);
  };
  std::size_t i = 0;
  for (const cpu::Parameter& place : network.layout().parameters) {
    if (i >= parameters.size() || parameters[i].key() != place.name ||
        parameters[i].value().numel() != place.size())
      throw RunError(fmt::format("the engine's parameter {} is not the model's", place.name));
    copy(parameters[i++].value(), network.parameters() + place.offset);
  }
  if (i != parameters.size()) throw RunError("the model has parameters that the engine does not have");
  copy(model.position_table[0].slice(0, 0, network.shape().context), network.positions());
  network.weights_changed();
}

}  // namespace runner::lvm
