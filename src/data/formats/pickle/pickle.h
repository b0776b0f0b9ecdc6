#pragma once
// A restricted reader of Python pickles (protocols 2 to 5). It executes nothing: it knows plain containers,
// strings, numbers, None, booleans, sets, collections.OrderedDict, NumPy scalars, dtypes and arrays, and
// torch's tensors, parameters, storages, sizes and devices as descriptions. Every other name a pickle asks
// for is refused by that name, or stands for what it would have made (Kind::opaque).

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/formats/numpy/npy.h"

namespace runner::data {

struct PickleArray;
struct PickleTensor;

// Values belong to their Pickle and stay where they are; containers hold pointers, which may be shared and
// may even form loops: look only as deep as you know the file to be.
struct Value {
  enum class Kind : std::uint8_t {
    none,
    boolean,
    integer,
    real,
    text,
    bytes,
    list,
    tuple,
    dict,
    global,
    dtype,
    array,
    storage,
    tensor,
    opaque  // what a name that is not known would have made
  };
  using Items = std::vector<const Value*>;

  Kind kind = Kind::none;
  union {
    std::int64_t integer = 0;  // boolean too
    double real;
    const std::string_view* text;  // text (UTF-8), bytes, global ("numpy.dtype"), opaque (the name)
    Items* items;                  // list, tuple; dict: key, value, key, value, …
    DType dtype;
    PickleArray* array;
    PickleTensor* tensor;  // storage and tensor
  };

  bool is(Kind k) const { return kind == k; }
  bool is_number() const { return kind <= Kind::real && kind != Kind::none; }
  double number() const { return kind == Kind::real ? real : static_cast<double>(integer); }
  std::size_t size() const { return kind == Kind::dict ? items->size() / 2 : items->size(); }
  // The value of a text key in a dict; nullptr when this is no dict or has no such key. Of several the last.
  const Value* find(std::string_view key) const;
};

const char* kind_name(Value::Kind kind);                                         // "list", "NumPy array"
[[noreturn]] void refuse_name(std::string_view name, const std::string& place);  // DataError for "os.system"

struct PickleArray {
  DType dtype = DType::other;
  std::vector<std::int64_t> shape;
  bool fortran_order = false, big_endian = false;
  std::string_view bytes;               // plain dtypes
  const Value::Items* items = nullptr;  // dtype object
};

struct PickleTensor {
  std::string_view dtype;  // "Float", "Half", "BFloat16", "Double", "Long", …; "Untyped": numel counts bytes
  std::string_view key;    // the storage's name in the archive
  std::int64_t numel = 0;  // elements of the storage
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape, strides;  // in elements; tensors only
};

// What becomes of a name that is not known: the whole pickle is refused, or the object alone is left out.
// Either way nothing is executed.
enum class Unknown { refuse, leave_out };

class Pickle {
 public:
  // Reads one pickle. What it makes takes at most 32 times its size and a megabyte, and never more than 768
  // MB. Throws DataError at `place`.
  Pickle(std::string bytes, const std::string& place, Unknown unknown = Unknown::refuse);
  ~Pickle();
  Pickle(Pickle&&) noexcept;
  const Value& root() const;

  struct Store;  // data/formats/pickle/pickle_store.h

 private:
  std::unique_ptr<Store> store_;
};

}  // namespace runner::data
