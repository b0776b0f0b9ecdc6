#include "models/recurrence.h"

// In what follows T is first, so that a step is one piece of memory: inputs [T, B, G * H], states [T, B, H].
// Before the first step all is zero, which saves its product, and its state's gradient.

namespace runner::lvm {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Gate `number` of those that lie side by side (`count` of them).
Tensor gate(const Tensor& x, std::int64_t number, std::int64_t width, std::int64_t count = 1) {
  return x.narrow(1, number * width, count * width);
}

Tensor product(const Tensor& a, const Tensor& b, torch::Dtype type) {
  return torch::mm(a.to(type), b.to(type)).to(torch::kFloat32);
}

// Of the recurrent weight [G * H, H], from the gradients of what it made [T, B, G * H] and the states behind
// each step.
Tensor weight_gradient(const Tensor& gradients, const Tensor& states, torch::Dtype type) {
  const std::int64_t steps = states.size(0);
  if (steps == 1) return torch::zeros({gradients.size(2), states.size(2)}, states.options());
  const Tensor later = gradients.narrow(0, 1, steps - 1).reshape({-1, gradients.size(2)});
  const Tensor before = states.narrow(0, 0, steps - 1).reshape({-1, states.size(2)});
  return product(later.t(), before, type);
}

struct LstmSteps : torch::autograd::Function<LstmSteps> {
  static Tensor forward(AutogradContext* context, const Tensor& inputs, const Tensor& weight,
                        torch::Dtype type) {
    const std::int64_t steps = inputs.size(0), width = weight.size(1);
    const Tensor recurrent = weight.to(type).t();
    const Tensor gates = inputs.clone();
    const Tensor cells = torch::empty({steps, inputs.size(1), width}, inputs.options());
    const Tensor bent = torch::empty_like(cells), states = torch::empty_like(cells);
    for (std::int64_t t = 0; t < steps; ++t) {
      const Tensor g = gates[t];
      if (t > 0) g.add_(product(states[t - 1], recurrent, type));
      gate(g, 0, width, 2).sigmoid_();
      gate(g, 2, width).tanh_();
      gate(g, 3, width).sigmoid_();
      const Tensor cell = cells[t];
      cell.copy_(gate(g, 0, width) * gate(g, 2, width));
      if (t > 0) cell.addcmul_(gate(g, 1, width), cells[t - 1]);
      bent[t].copy_(cell.tanh());
      states[t].copy_(gate(g, 3, width) * bent[t]);
    }
    context->saved_data["type"] = static_cast<std::int64_t>(type);
    context->save_for_backward({weight, gates, cells, bent, states});
    return states;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &weight = saved[0], &gates = saved[1], &cells = saved[2], &bent = saved[3],
                 &states = saved[4];
    const auto type = static_cast<torch::Dtype>(context->saved_data["type"].toInt());
    const std::int64_t width = weight.size(1);
    const Tensor recurrent = weight.to(type), of_gates = torch::empty_like(gates);
    Tensor of_state, of_cell;  // what later steps add
    for (std::int64_t t = gates.size(0) - 1; t >= 0; --t) {
      const Tensor g = gates[t], out = of_gates[t];
      const Tensor d = of_state.defined() ? gradients[0][t] + of_state : gradients[0][t];
      Tensor c = torch::tanh_backward(d * gate(g, 3, width), bent[t]);
      if (of_cell.defined()) c.add_(of_cell);
      gate(out, 0, width).copy_(torch::sigmoid_backward(c * gate(g, 2, width), gate(g, 0, width)));
      gate(out, 2, width).copy_(torch::tanh_backward(c * gate(g, 0, width), gate(g, 2, width)));
      gate(out, 3, width).copy_(torch::sigmoid_backward(d * bent[t], gate(g, 3, width)));
      if (t == 0) {
        gate(out, 1, width).zero_();  // there was nothing to forget
        break;
      }
      gate(out, 1, width).copy_(torch::sigmoid_backward(c * cells[t - 1], gate(g, 1, width)));
      of_cell = c * gate(g, 1, width);
      of_state = product(out, recurrent, type);
    }
    return {of_gates, weight_gradient(of_gates, states, type), {}};
  }
};

struct GruSteps : torch::autograd::Function<GruSteps> {
  static Tensor forward(AutogradContext* context, const Tensor& inputs, const Tensor& weight,
                        const Tensor& bias, torch::Dtype type) {
    const std::int64_t steps = inputs.size(0), rows = inputs.size(1), width = weight.size(1);
    const Tensor recurrent = weight.to(type).t();
    // A step's: reset, update, new, and what reset multiplies.
    const Tensor gates = torch::empty({steps, rows, 4 * width}, inputs.options());
    const Tensor states = torch::empty({steps, rows, width}, inputs.options());
    for (std::int64_t t = 0; t < steps; ++t) {
      const Tensor g = gates[t], in = inputs[t];
      const Tensor back =
          t > 0 ? product(states[t - 1], recurrent, type).add_(bias) : bias.expand({rows, -1});
      gate(g, 0, width, 2).copy_(gate(in, 0, width, 2) + gate(back, 0, width, 2)).sigmoid_();
      gate(g, 3, width).copy_(gate(back, 2, width));
      gate(g, 2, width)
          .copy_(torch::addcmul(gate(in, 2, width), gate(g, 0, width), gate(back, 2, width)))
          .tanh_();
      const Tensor fresh = gate(g, 2, width), update = gate(g, 1, width);
      states[t].copy_(t > 0 ? torch::addcmul(fresh, update, states[t - 1] - fresh)
                            : torch::addcmul(fresh, update, fresh, -1));
    }
    context->saved_data["type"] = static_cast<std::int64_t>(type);
    context->save_for_backward({weight, gates, states});
    return states;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &weight = saved[0], &gates = saved[1], &states = saved[2];
    const auto type = static_cast<torch::Dtype>(context->saved_data["type"].toInt());
    const std::int64_t steps = gates.size(0), rows = gates.size(1), width = weight.size(1);
    const Tensor recurrent = weight.to(type);
    const Tensor of_inputs = torch::empty({steps, rows, 3 * width}, gates.options()),
                 of_back = torch::empty_like(of_inputs);
    Tensor of_state;
    for (std::int64_t t = steps - 1; t >= 0; --t) {
      const Tensor g = gates[t], reset = gate(g, 0, width), update = gate(g, 1, width),
                   fresh = gate(g, 2, width);
      const Tensor d = of_state.defined() ? gradients[0][t] + of_state : gradients[0][t];
      const Tensor kept = t > 0 ? states[t - 1] - fresh : -fresh;
      const Tensor of_fresh = torch::tanh_backward(d - d * update, fresh);
      const Tensor in = of_inputs[t], back = of_back[t];
      gate(in, 0, width).copy_(torch::sigmoid_backward(of_fresh * gate(g, 3, width), reset));
      gate(in, 1, width).copy_(torch::sigmoid_backward(d * kept, update));
      gate(in, 2, width).copy_(of_fresh);
      gate(back, 0, width, 2).copy_(gate(in, 0, width, 2));
      gate(back, 2, width).copy_(of_fresh * reset);
      if (t > 0) of_state = product(back, recurrent, type).addcmul_(d, update);
    }
    return {of_inputs, weight_gradient(of_back, states, type), of_back.sum(torch::IntArrayRef{0, 1}), {}};
  }
};

// x·W_ihᵀ + b_ih of all steps, [T, B, G * H] float32.
Tensor inputs_of(const Tensor& x, const RecurrentLayer& layer, const Compute& compute) {
  return linear(x.transpose(0, 1).contiguous(), layer.weight_ih, layer.bias_ih, compute).to(torch::kFloat32);
}

Tensor batch_first(const Tensor& states) {
  return states.transpose(0, 1).contiguous();
}

}  // namespace

Tensor lstm_layer(const Tensor& x, const RecurrentLayer& layer, const Compute& compute) {
  const Tensor inputs = inputs_of(x, layer, compute) + layer.bias_hh;
  return batch_first(LstmSteps::apply(inputs, layer.weight_hh, product_type(compute)));
}

Tensor gru_layer(const Tensor& x, const RecurrentLayer& layer, const Compute& compute) {
  const Tensor inputs = inputs_of(x, layer, compute);
  return batch_first(GruSteps::apply(inputs, layer.weight_hh, layer.bias_hh, product_type(compute)));
}

}  // namespace runner::lvm
