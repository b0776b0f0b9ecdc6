#pragma once
// The few pickle opcodes (protocol 2) that PyTorch's safe loader accepts: plain values, OrderedDict, tensors.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace runner::lvm {

class PickleWriter {
 public:
  PickleWriter();
  void none() { put('N'); }
  void boolean(bool value) { put(value ? '\x88' : '\x89'); }
  void integer(std::int64_t value);
  void number(double value);
  void text(std::string_view value);
  void json(const Json& value);  // objects become dicts, arrays lists

  // begin_dict(); then key, value pairs; end_dict(). Likewise lists. Ordered dicts are
  // collections.OrderedDict.
  void begin_dict();
  void begin_ordered_dict();
  void end_dict() { put('u'); }
  void begin_list();
  void end_list() { put('e'); }

  // torch._utils._rebuild_tensor_v2 of a contiguous float32 CPU tensor whose bytes are storage `key`.
  void float_tensor(const std::string& key, const std::vector<std::int64_t>& shape, std::int64_t count);

  std::string finish();  // ends the pickle

 private:
  void put(char opcode) { out_.push_back(opcode); }
  void global(const char* module, const char* name);
  void tuple_of_integers(const std::vector<std::int64_t>& values);
  std::string out_;
};

}  // namespace runner::lvm
