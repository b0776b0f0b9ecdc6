#include "index/build/factory_check.h"

#include <optional>
#include <regex>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "index/build/memory_limit.h"

namespace runner::ann {
namespace {

constexpr std::size_t longest = 200;  // characters; real ones have some 30
constexpr std::int64_t most_links = 4096, widest = 1 << 16, most_bits = 16;
constexpr std::uint64_t list_bytes = 64;  // that an empty list takes

// The words between commas and parentheses: IVF256(HNSW32),PQ8 has three.
std::vector<std::string> words_of(const std::string& factory) {
  std::vector<std::string> words(1);
  for (const char letter : factory)
    if (letter == ',' || letter == '(' || letter == ')')
      words.emplace_back();
    else
      words.back() += letter;
  std::erase(words, "");
  return words;
}

class Check {
 public:
  Check(const std::string& factory, std::int64_t width, std::int64_t rows)
      : factory_(factory), width_(width), rows_(rows) {}

  void word(const std::string& word) {
    word_ = word;
    if (word.starts_with("SH")) return;  // its number is a period: any
    every_number();
    if (match("IVF([0-9]+).*")) lists(number(1));
    if (match("IMI2x([0-9]+)")) multi_lists(number(1));
    if (word.starts_with("NSG"))
      expect(rows_ > 65, fmt::format("it links 64 neighbours of each row, and there are {} rows", rows_));
    if (match("(?:IVF[0-9]+_)?(HNSW|NSG)([0-9]+).*"))
      expect(number(2) >= 2 && number(2) <= most_links, fmt::format("2 to {} links a vector", most_links));
    if (match("(?:HNSW[0-9]+_)?(?:[0-9]+\\+)?PQ([0-9]+).*")) parts(number(1));
    if (match("(?:HNSW[0-9]+_)?(?:[0-9]+\\+)?PQ[0-9]+(?:x([0-9]+))?(?:\\+[0-9]+)?(?:np)?(?:fs.*)?"))
      bits(number(1, 8));
    if (match("(?:RQ|LSQ|PRQ|PLSQ).*")) books();
    if (match("PQ[0-9]+x4fs.*_([0-9]+)")) expect(number(1) % 32 == 0, "blocks of a multiple of 32");
    transform();
  }

 private:
  bool match(const char* pattern) { return std::regex_match(word_, found_, std::regex(pattern)); }
  std::int64_t number(std::size_t group, std::int64_t otherwise = 0) const {
    return found_[group].matched && found_[group].length() > 0 ? std::stoll(found_[group].str()) : otherwise;
  }
  void expect(bool good, const std::string& wanted) const {
    if (!good)
      throw UsageError(fmt::format("'{}': {} cannot be built: {}", factory_, word_, wanted), "index.factory");
  }

  void every_number() {
    static const std::regex pattern("-?[0-9]+");
    for (std::sregex_iterator it(word_.begin(), word_.end(), pattern), end; it != end; ++it) {
      const std::string digits = it->str();
      expect(digits[0] != '-' && digits.size() <= 9 && std::stoll(digits) > 0,
             fmt::format("its numbers lie from 1 to 999999999, and {} does not", digits));
    }
    expect(!match("Index.*"), "Index… is FAISS's own word for what stands in parentheses");
  }
  void lists(std::int64_t count) {
    expect(count <= rows_,
           fmt::format("{} lists have each a centre, learned from at least one row, and there are {} rows: "
                       "take some 4 to 16 times the square root of the rows",
                       count, rows_));
    room_for(static_cast<std::uint64_t>(count));
  }
  void multi_lists(std::int64_t bits) {
    expect(bits <= most_bits && std::int64_t{1} << bits <= rows_,
           fmt::format("2^{} centres for each half are learned from as many rows, and there are {}", bits,
                       rows_));
    room_for(std::uint64_t{1} << (2 * bits));
  }
  void room_for(std::uint64_t lists) const {
    expect(lists <= available_memory() / list_bytes,
           fmt::format("{} empty lists alone take more memory than there is", lists));
  }
  void parts(std::int64_t count) {
    expect(count <= width_ && width_ % count == 0,
           fmt::format("the width, {}, must be a multiple of the {} parts of a code", width_, count));
  }
  void bits(std::int64_t count) {
    expect(count <= most_bits && std::int64_t{1} << count <= rows_,
           fmt::format("codes of {} bits have 2^{} centres, learned from as many rows, and there are {}: "
                       "fewer bits need "
                       "fewer (PQ8x4: 16)",
                       count, count, rows_));
  }
  void books() {
    static const std::regex each("([0-9]+)x([0-9]+)(?:x([0-9]+))?");
    for (std::sregex_iterator it(word_.begin(), word_.end(), each), end; it != end; ++it) {
      const bool fast = word_.find("x4fs") != std::string::npos;
      const bool three = (*it)[3].matched;
      expect(std::stoll((*it)[1]) <= most_links && (!three || std::stoll((*it)[2]) <= most_links),
             fmt::format("at most {} code books", most_links));
      if (word_.starts_with("P"))
        expect(width_ % std::stoll((*it)[1]) == 0,
               fmt::format("the width, {}, must be a multiple of its parts", width_));
      bits(fast ? 4 : std::stoll(three ? (*it)[3] : (*it)[2]));
    }
  }
  void transform() {
    if (match("PCAW?R?([0-9]+)")) {
      expect(number(1) <= width_,
             fmt::format("its input has width {}, and that is the most which can come out", width_));
      expect(number(1) <= rows_,
             fmt::format("{} dimensions are learned from as many rows, and there are {}", number(1), rows_));
      width_ = number(1);
    } else if (match("ITQ([0-9]+)")) {
      expect(number(1) <= std::min(width_, rows_),
             fmt::format("its input has width {}, learned from {} rows, and no more can come out", width_,
                         rows_));
      width_ = number(1);
    } else if (match("RR([0-9]+)?") || match("Pad([0-9]+)")) {
      expect(number(1) <= widest, fmt::format("at most width {}", widest));
      width_ = word_.starts_with("Pad") ? std::max(width_, number(1)) : number(1, width_);
    } else if (match("OPQ([0-9]+)(?:_([0-9]+))?")) {
      const std::int64_t count = number(1), out = number(2, width_);
      expect(out <= widest && out % count == 0,
             fmt::format("the width, {}, must be a multiple of the {} parts", out, count));
      expect(256 <= rows_,
             fmt::format("it learns 256 centres for each part, from as many rows, and there are {}", rows_));
      width_ = out;
    }
  }

  std::string factory_, word_;
  std::int64_t width_, rows_;
  std::smatch found_;
};

}  // namespace

void check_factory(const std::string& factory, std::int64_t width, std::int64_t rows) {
  if (factory.size() > longest)
    throw UsageError(fmt::format("{} characters are no factory string", factory.size()), "index.factory");
  Check check(factory, width, rows);
  for (const std::string& word : words_of(factory)) check.word(word);
}

}  // namespace runner::ann
