#include "models/model_config.h"

#include <initializer_list>

#include "base/error.h"
#include "base/json_text.h"

namespace runner::lvm {

Json model_config(const ModelSizes& s) {
  Json config = Json::object();
  config["input_dim"] = s.input_dim();
  if (s.type == ModelType::transformer) {
    config["d_model"] = s.d_model;
    config["nhead"] = s.heads;
    config["num_layers"] = s.layers;
    config["dropout"] = s.dropout;
  } else if (s.type == ModelType::lstm) {
    config["hidden_dim"] = s.hidden;
    config["num_layers"] = s.layers;
    config["dropout"] = s.dropout;
  } else if (s.type == ModelType::gru) {
    config["d_model"] = s.d_model;
    config["num_layers"] = s.layers;
    config["dropout"] = s.dropout;
  } else {
    config["d_model"] = s.d_model;
    config["hidden_dim"] = s.hidden;
  }
  config["output_dim"] = s.width;
  // Ours, only where used, so that the old tools can pass the rest straight to their constructors.
  if (s.type == ModelType::transformer && s.feedforward != 4 * s.d_model)
    config["feedforward"] = s.feedforward;
  if (s.residual != ResidualKind::none) config["residual"] = to_word(s.residual);
  if (s.residual == ResidualKind::learned) config["context"] = s.context;
  if (s.residual_next) config["residual_next"] = true;
  if (s.positional_scalar != 0) {
    config["positional_scalar"] = s.positional_scalar;
    config["ramp_epochs"] = s.ramp_epochs;
  }
  return config;
}

namespace {

struct ConfigReader {
  const Json& config;
  const std::string& place;

  [[noreturn]] void fail(const char* key, const char* expected) const {
    throw DataError(std::string("model_config.") + key + " is " +
                        (config.contains(key) ? json_text(config.at(key)) : "missing") + "; expected " +
                        expected,
                    place);
  }
  std::int64_t size(const char* key) const {
    if (!config.contains(key) || !config.at(key).is_number_integer() ||
        config.at(key).get<std::int64_t>() <= 0)
      fail(key, "a positive whole number");
    return config.at(key).get<std::int64_t>();
  }
  double number(const char* key, double absent) const {
    if (!config.contains(key)) return absent;
    if (!config.at(key).is_number()) fail(key, "a number");
    return config.at(key).get<double>();
  }
};

}  // namespace

ModelSizes sizes_from_config(const std::string& type, const Json& config, const std::string& place) {
  if (!config.is_object()) throw DataError("model_config is not a mapping", place);
  const ConfigReader read{config, place};
  ModelSizes s;
  const std::optional<ModelType> known = from_word<ModelType>(type);
  if (!known)
    throw DataError("model_type " + type + " is unknown; expected transformer, lstm, gru or amn", place);
  s.type = *known;
  switch (s.type) {
    case ModelType::transformer:
      s.d_model = read.size("d_model");
      s.heads = read.size("nhead");
      s.layers = read.size("num_layers");
      s.feedforward = config.contains("feedforward") ? read.size("feedforward") : 4 * s.d_model;
      if (s.d_model % s.heads != 0) read.fail("nhead", "a divisor of d_model");
      break;
    case ModelType::lstm:
      s.hidden = read.size("hidden_dim");
      s.layers = read.size("num_layers");
      break;
    case ModelType::gru:
      s.d_model = read.size("d_model");
      s.layers = read.size("num_layers");
      break;
    case ModelType::amn:
      s.d_model = read.size("d_model");
      s.hidden = read.size("hidden_dim");
      break;
  }
  s.dropout = read.number("dropout", 0);
  s.width = read.size("output_dim");
  s.positional_scalar = read.number("positional_scalar", 0);
  s.ramp_epochs = static_cast<std::int64_t>(read.number("ramp_epochs", 3));
  if (config.contains("residual")) {
    const Json& kind = config.at("residual");
    const auto word = kind.is_string() ? from_word<ResidualKind>(kind.get<std::string>()) : std::nullopt;
    if (!word) read.fail("residual", "none, last, mean or learned");
    s.residual = *word;
    if (s.residual == ResidualKind::learned) s.context = read.size("context");
  }
  if (config.contains("residual_next")) {
    if (!config.at("residual_next").is_boolean()) read.fail("residual_next", "true or false");
    s.residual_next = config.at("residual_next").get<bool>();
    if (s.residual_next && s.residual != ResidualKind::none)
      read.fail("residual", "none beside residual_next");
  }
  if (read.size("input_dim") != s.input_dim())
    read.fail("input_dim", "output_dim, or one more with a positional scalar");
  return s;
}

}  // namespace runner::lvm
