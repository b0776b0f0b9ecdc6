// A main() for fuzz targets where libFuzzer is not at hand: TARGET [ROUNDS [FILE...]]. Each round changes a
// seed in a few places and runs the target on it. The random numbers are the same in every run, so a failure
// repeats; the input of a crash lies in fuzz.crash when the process dies.

#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include "fuzz/fuzz.h"

namespace {

const std::string* current = nullptr;

extern "C" void save_input(int signal) {
  if (std::FILE* file = std::fopen("fuzz.crash", "wb")) {
    std::fwrite(current->data(), 1, current->size(), file);
    std::fclose(file);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

class Mutator {
 public:
  std::string operator()(const std::vector<std::string>& seeds) {
    std::string text = seeds[below(seeds.size())];
    for (std::size_t i = 0, n = 1 + below(8); i < n && !text.empty(); ++i) change(text, seeds);
    return text;
  }

 private:
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

  void change(std::string& text, const std::vector<std::string>& seeds) {
    static const std::uint64_t numbers[] = {0,
                                            1,
                                            2,
                                            7,
                                            0x7f,
                                            0xff,
                                            0xffff,
                                            0x7fffffff,
                                            0xffffffff,
                                            ~0ULL,
                                            1ULL << 63,
                                            ~0ULL >> 1,
                                            0xfffffffffffffff0ULL};
    const std::size_t at = below(text.size());
    switch (below(6)) {
      case 0:
        text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 1:
        text[at] = static_cast<char>(below(256));
        break;
      case 2: {  // a number, where numbers lie
        const std::size_t size = std::size_t{1} << below(4), place = at / size * size;
        std::uint64_t value = numbers[below(std::size(numbers))];
        if (below(3) == 0) value = text.size() + below(16) - 8;
        for (std::size_t i = 0; i < size && place + i < text.size(); ++i)
          text[place + i] = static_cast<char>(value >> (8 * i));
        break;
      }
      case 3:
        text.resize(at);
        break;
      case 4: {  // a piece of itself elsewhere
        const std::size_t from = below(text.size()),
                          n = std::min({below(64) + 1, text.size() - at, text.size() - from});
        text.replace(at, n, text.substr(from, n));
        break;
      }
      default: {  // a piece of another seed
        const std::string& other = seeds[below(seeds.size())];
        if (other.empty()) break;
        const std::size_t from = below(other.size());
        text = text.substr(0, at) + other.substr(from);
      }
    }
  }

  std::mt19937_64 random_{20240607};
};

}  // namespace

int main(int argc, char** argv) {
  const long rounds = argc > 1 ? std::atol(argv[1]) : 20000;
  std::vector<std::string> seeds = fuzz_seeds();
  for (int i = 2; i < argc; ++i) {
    std::ifstream in(argv[i], std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE}) std::signal(signal, save_input);
  Mutator mutate;
  for (long round = 0; round < rounds; ++round) {
    const std::string input =
        round < static_cast<long>(seeds.size()) ? seeds[static_cast<std::size_t>(round)] : mutate(seeds);
    current = &input;
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  }
  std::printf("%ld inputs from %zu seeds\n", rounds, seeds.size());
  return 0;
}
