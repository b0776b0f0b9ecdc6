#include "models/model_options.h"

namespace runner::lvm {

namespace {

// Which sizes a type has, with their defaults; 0 where it has none. A row a ModelType, in its order.
struct TypeDefaults {
  std::int64_t d_model, heads, layers, hidden;
  double dropout;  // negative: the type has none
};

constexpr TypeDefaults kTypes[] = {
    {512, 8, 4, 0, 0.1},   // transformer
    {0, 0, 2, 512, 0.2},   // lstm
    {512, 0, 4, 0, 0.0},   // gru
    {256, 0, 0, 512, -1},  // amn
};

const TypeDefaults& defaults_of(ModelType type) {
  return kTypes[static_cast<std::size_t>(type)];
}

}  // namespace

void declare(config::Binder& b, ModelOptions& o) {
  b.option("model.type", o.type, "the model");
  b.option("model.d_model", o.d_model, "width inside; default 512 (transformer, gru), 256 (amn)")
      .range(1, 65536);
  b.option("model.heads", o.heads, "attention heads (transformer); default 8")
      .range(1, 1024)
      .also_called({"nhead", "num_heads"});
  b.option("model.layers", o.layers, "layers; default 4 (transformer, gru), 2 (lstm)")
      .range(1, 1024)
      .also_called({"num_layers"});
  b.option("model.feedforward", o.feedforward, "width of the feed-forward (transformer); default 4 * d_model")
      .range(1, 1 << 20);
  b.option("model.hidden", o.hidden, "hidden width (lstm, amn); default 512")
      .range(1, 65536)
      .also_called({"hidden_dim"});
  b.option("model.dropout", o.dropout, "dropout; default 0.1 (transformer), 0.2 (lstm), 0 (gru)")
      .range(0, 0.99);
  b.option("model.init", o.init, "transformer layers drawn independently, or copied from the first");
  b.option("model.residual", o.residual,
           "add the output to the last context vector, to their mean, or to a mean with learnt weights");
  b.option("model.residual_next", o.residual_next, "predict unit(last) + alpha * the model's output");
  b.option("model.positional_scalar", o.positional_scalar,
           "s: append linspace(0, 1, T) * s as a feature; 0: none");
  b.option("model.ramp_epochs", o.ramp_epochs, "epochs over which training raises s from 0")
      .range(0, 1 << 20);
}

std::vector<config::Problem> check(const ModelOptions& o) {
  std::vector<config::Problem> problems;
  const auto complain = [&problems](const char* key, std::string message) {
    problems.push_back({"", key, std::move(message)});
  };
  const TypeDefaults& type = defaults_of(o.type);
  if (o.init == LayerInit::copied && o.type != ModelType::transformer)
    complain("model.init",
             "copied is for transformers: a model of type " + to_word(o.type) + " has no layers to copy");
  if (o.type == ModelType::transformer) {
    const auto d = o.d_model.value_or(type.d_model), heads = o.heads.value_or(type.heads);
    if (d % heads != 0)
      complain("model.heads", std::to_string(heads) + " does not divide model.d_model " + std::to_string(d));
    if (d % 2 != 0)
      complain("model.d_model", std::to_string(d) + " is odd; the position table needs an even width");
  }
  if (o.residual_next && o.residual != ResidualKind::none)
    complain("model.residual", to_word(o.residual) +
                                   " conflicts with model.residual_next, which adds the last vector itself: "
                                   "give one of the two");
  if (o.type == ModelType::amn && o.positional_scalar != 0)
    complain("model.positional_scalar",
             "amn mixes its raw inputs, which a position feature would widen; set it to 0");
  return problems;
}

std::vector<std::string> unused_keys(const ModelOptions& o) {
  std::vector<std::string> keys;
  const TypeDefaults& type = defaults_of(o.type);
  const auto note = [&keys](const char* key, bool given, bool has) {
    if (given && !has) keys.emplace_back(key);
  };
  note("model.d_model", o.d_model.has_value(), type.d_model != 0);
  note("model.heads", o.heads.has_value(), type.heads != 0);
  note("model.layers", o.layers.has_value(), type.layers != 0);
  note("model.feedforward", o.feedforward.has_value(), o.type == ModelType::transformer);
  note("model.hidden", o.hidden.has_value(), type.hidden != 0);
  note("model.dropout", o.dropout.value_or(0) != 0, type.dropout >= 0);
  return keys;
}

ModelSizes model_sizes(const ModelOptions& o, std::int64_t width, std::int64_t context) {
  const TypeDefaults& type = defaults_of(o.type);
  ModelSizes s;
  s.type = o.type;
  s.width = width;
  const auto size = [](const std::optional<std::int64_t>& given, std::int64_t standard) {
    return standard == 0 ? 0 : given.value_or(standard);
  };
  s.d_model = size(o.d_model, type.d_model);
  s.heads = size(o.heads, type.heads);
  s.layers = size(o.layers, type.layers);
  s.hidden = size(o.hidden, type.hidden);
  if (o.type == ModelType::transformer) s.feedforward = o.feedforward.value_or(4 * s.d_model);
  s.dropout = type.dropout < 0 ? 0 : o.dropout.value_or(type.dropout);
  s.copied_init = o.init == LayerInit::copied;
  s.residual = o.residual;
  if (o.residual == ResidualKind::learned) s.context = context;
  s.residual_next = o.residual_next;
  s.positional_scalar = o.positional_scalar;
  s.ramp_epochs = o.ramp_epochs;
  return s;
}

double ramped_scalar(const ModelSizes& sizes, std::int64_t epoch0) {
  if (sizes.ramp_epochs <= 0 || epoch0 >= sizes.ramp_epochs) return sizes.positional_scalar;
  return sizes.positional_scalar * static_cast<double>(epoch0) / static_cast<double>(sizes.ramp_epochs);
}

}  // namespace runner::lvm
