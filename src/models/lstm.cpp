#include "models/lstm.h"

#include "models/dropout.h"
#include "models/recurrence.h"

namespace runner::lvm {

Lstm::Lstm(const ModelSizes& s, Generator generator) : Model(s) {
  lstm_ =
      register_module("lstm", std::make_shared<Recurrent>(4, s.input_dim(), s.hidden, s.layers, generator));
  output_proj_ = register_module("output_proj", std::make_shared<Linear>(s.hidden, s.width, generator));
}

Prediction Lstm::forward(const torch::Tensor& contexts) {
  auto x = with_position(contexts);
  for (std::size_t i = 0; i < lstm_->layers.size(); ++i) {
    if (i > 0) x = drop_out(x, sizes_.dropout, is_training());
    x = lstm_layer(x, lstm_->layers[i], compute_);
  }
  x = x.select(1, x.size(1) - 1);
  return predicted(linear(x, output_proj_->weight, output_proj_->bias, compute_), contexts);
}

}  // namespace runner::lvm
