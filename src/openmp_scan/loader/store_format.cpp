#include "openmp_scan/loader/store_format.h"

namespace runner::runtime {

namespace {

Json pack(const Image& image) {
  Json needed = Json::array();
  for (const Need& need : image.needed) needed.push_back(Json::array({need.name, need.optional}));
  Json j = Json::array({static_cast<int>(image.format), image.arch, image.is_program, image.name,
                        std::move(needed), image.rpath, image.runpath, nullptr, nullptr});
  if (image.runtime)
    j[7] = Json::array(
        {static_cast<int>(image.runtime->kind), image.runtime->is_static, image.runtime->version});
  if (image.blas)
    j[8] = Json::array({static_cast<int>(image.blas->kind), static_cast<int>(image.blas->threads),
                        image.blas->is_static, image.blas->version, image.blas->knows_avx512});
  return j;
}

// A number beyond an enumeration's last value would be undefined behaviour in every switch.
template <class T>
T word(const Json& j, T last) {
  const int value = j.get<int>();
  if (value < 0 || value > static_cast<int>(last)) throw std::out_of_range("unknown word");
  return static_cast<T>(value);
}

Image unpack_image(const Json& j) {
  Image image;
  image.format = word(j.at(0), BinaryFormat::macho);
  image.arch = j.at(1).get<std::string>();
  image.is_program = j.at(2).get<bool>();
  image.name = j.at(3).get<std::string>();
  for (const Json& need : j.at(4))
    image.needed.push_back({need.at(0).get<std::string>(), need.at(1).get<bool>()});
  image.rpath = j.at(5).get<std::vector<std::string>>();
  image.runpath = j.at(6).get<std::vector<std::string>>();
  if (const Json& r = j.at(7); !r.is_null())
    image.runtime =
        RuntimeMark{word(r.at(0), RuntimeKind::libgomp), r.at(1).get<bool>(), r.at(2).get<std::string>()};
  if (const Json& b = j.at(8); !b.is_null())
    image.blas = BlasMark{word(b.at(0), BlasKind::accelerate), word(b.at(1), BlasThreads::chosen_at_run_time),
                          b.at(2).get<bool>(), b.at(3).get<std::string>(), b.at(4).get<bool>()};
  return image;
}

// Sees what the library reads, to stop it before its recursion fills the stack.
class DepthGuard : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(Json::number_integer_t) override { return true; }
  bool number_unsigned(Json::number_unsigned_t) override { return true; }
  bool number_float(Json::number_float_t, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(Json::binary_t&) override { return true; }
  bool key(std::string&) override { return true; }
  bool start_object(std::size_t) override { return ++depth_ <= deepest; }
  bool start_array(std::size_t) override { return ++depth_ <= deepest; }
  bool end_object() override { return --depth_ >= 0; }
  bool end_array() override { return --depth_ >= 0; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  static constexpr int deepest = 16;
  int depth_ = 0;
};

}  // namespace

Json read_store(std::string_view bytes) {
  DepthGuard guard;
  if (!Json::sax_parse(bytes.begin(), bytes.end(), &guard, Json::input_format_t::cbor))
    throw std::out_of_range("not a cache");
  return Json::from_cbor(bytes.begin(), bytes.end());
}

Json pack(const FileStamp& stamp, const BinaryFile& file) {
  Json images = Json::array();
  for (const Image& image : file.images) images.push_back(pack(image));
  return Json::array({stamp.device, stamp.inode, stamp.bytes, stamp.modified_ns, file.is_binary, file.problem,
                      std::move(images)});
}

void unpack(const Json& packed, FileStamp& stamp, BinaryFile& file) {
  stamp = {packed.at(0).get<std::uint64_t>(), packed.at(1).get<std::uint64_t>(),
           packed.at(2).get<std::uint64_t>(), packed.at(3).get<std::int64_t>()};
  file.is_binary = packed.at(4).get<bool>();
  file.problem = packed.at(5).get<std::string>();
  for (const Json& image : packed.at(6)) file.images.push_back(unpack_image(image));
}

}  // namespace runner::runtime
