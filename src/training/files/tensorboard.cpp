#include "training/files/tensorboard.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>

#include "base/json_text.h"

namespace runner::lvm {
namespace {

template <class T>
void put_fixed(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xFF));
}

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// Protocol buffer fields: key = number << 3 | wire type.
void put_double(std::string& out, int field, double value) {
  put_varint(out, static_cast<std::uint64_t>(field) << 3 | 1);
  put_fixed(out, std::bit_cast<std::uint64_t>(value));
}
void put_float(std::string& out, int field, float value) {
  put_varint(out, static_cast<std::uint64_t>(field) << 3 | 5);
  put_fixed(out, std::bit_cast<std::uint32_t>(value));
}
void put_integer(std::string& out, int field, std::int64_t value) {
  put_varint(out, static_cast<std::uint64_t>(field) << 3);
  put_varint(out, static_cast<std::uint64_t>(value));
}
void put_bytes(std::string& out, int field, const std::string& value) {
  put_varint(out, static_cast<std::uint64_t>(field) << 3 | 2);
  put_varint(out, value.size());
  out += value;
}

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// Summary.value with a tensor, for one of TensorBoard's plug-ins.
std::string plugin_value(const std::string& tag, const std::string& plugin, const std::string& content,
                         const std::string& tensor) {
  std::string data, metadata, value, summary;
  put_bytes(data, 1, plugin);
  if (!content.empty()) put_bytes(data, 2, content);
  put_bytes(metadata, 1, data);
  put_integer(metadata, 4, 2);  // data_class: DATA_CLASS_TENSOR
  put_bytes(value, 1, tag);
  put_bytes(value, 8, tensor);
  put_bytes(value, 9, metadata);
  put_bytes(summary, 1, value);
  return summary;
}

std::uint32_t masked_crc(const std::string& bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U;
}

}  // namespace

std::uint32_t crc32c(const std::string& bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = (c >> 1) ^ ((c & 1) != 0 ? 0x82F63B78U : 0);
      t[i] = c;
    }
    return t;
  }();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(byte)) & 0xFF];
  return ~crc;
}

TensorBoardWriter::TensorBoardWriter(const std::filesystem::path& folder, std::int64_t first_step) {
  std::filesystem::create_directories(folder);
  const auto seconds = static_cast<std::int64_t>(now());
  file_.emplace(folder /
                ("events.out.tfevents." + std::to_string(seconds) + ".runner." + std::to_string(::getpid())));
  std::string event;
  put_double(event, 1, now());
  put_bytes(event, 3, "brain.Event:2");
  write_record(event);
  if (first_step <= 0) return;
  std::string started, session;
  put_integer(session, 1, 1);  // SessionLog.status: START
  put_double(started, 1, now());
  put_integer(started, 2, first_step);
  put_bytes(started, 7, session);
  write_record(started);
}

void TensorBoardWriter::add(std::int64_t step, const std::vector<std::pair<std::string, double>>& scalars) {
  std::string summary;
  for (const auto& [tag, value] : scalars) {
    std::string entry;
    put_bytes(entry, 1, tag);
    put_float(entry, 2, static_cast<float>(value));
    put_bytes(summary, 1, entry);
  }
  write_summary(step, summary);
}

void TensorBoardWriter::add_text(const std::string& tag, const std::string& text) {
  std::string tensor;
  put_integer(tensor, 1, 7);  // TensorProto.dtype: DT_STRING
  put_bytes(tensor, 2, "");   // tensor_shape: none, one value
  put_bytes(tensor, 8, text);
  write_summary(0, plugin_value(tag, "text", "", tensor));
}

void TensorBoardWriter::add_hparams(const Json& values, const std::vector<std::string>& metrics) {
  std::string names, set, tensor;
  for (const std::string& tag : metrics) {
    std::string name, metric;
    put_bytes(name, 2, tag);      // MetricName.tag
    put_bytes(metric, 1, name);   // MetricInfo.name
    put_bytes(names, 5, metric);  // Experiment.metric_infos
  }
  for (const auto& [key, value] : values.items()) {
    std::string one, entry;
    if (value.is_boolean())
      put_integer(one, 4, value.get<bool>() ? 1 : 0);
    else if (value.is_number())
      put_double(one, 2, value.get<double>());
    else
      put_bytes(one, 3, value.is_string() ? value.get<std::string>() : json_text(value));
    put_bytes(entry, 1, key);  // an entry of the map: key, google.protobuf.Value
    put_bytes(entry, 2, one);
    put_bytes(set, 1, entry);  // SessionStartInfo.hparams
  }
  put_double(set, 5, now());
  put_integer(tensor, 1, 1);  // DT_FLOAT
  put_bytes(tensor, 2, "");
  put_float(tensor, 5, 0);
  const auto value_of = [&tensor](const std::string& tag, int field, const std::string& message) {
    std::string data;
    put_bytes(data, field, message);  // HParamsPluginData: experiment 2, session_start_info 3
    return plugin_value(tag, "hparams", data, tensor);
  };
  write_summary(
      0, value_of("_hparams_/experiment", 2, names) + value_of("_hparams_/session_start_info", 3, set));
}

void TensorBoardWriter::write_summary(std::int64_t step, const std::string& summary) {
  std::string event;
  put_double(event, 1, now());
  put_integer(event, 2, step);
  put_bytes(event, 5, summary);
  write_record(event);
}

void TensorBoardWriter::write_record(const std::string& message) {
  std::string length;
  put_fixed(length, static_cast<std::uint64_t>(message.size()));
  std::string record = length;
  put_fixed(record, masked_crc(length));
  record += message;
  put_fixed(record, masked_crc(message));
  file_->add(record);
}

}  // namespace runner::lvm
