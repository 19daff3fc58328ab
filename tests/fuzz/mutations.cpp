// SPDX-License-Identifier: Apache-2.0
// fuzz_NAME_mutations COUNT SEED_FILE…: calls the target with each seed and with COUNT mutations of
// them, the same in every run.
#include "base/file.hpp"
#include "base/text.hpp"
#include "fuzz.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr std::size_t kMaxSeed = 1U << 20U;

// A file of lines (.txt) has a seed on each, with \n, \t and \xNN as they are; any other is one
// seed.
std::vector<std::string> seeds_in(const std::string& file) {
  const auto text = cp::read_file(file, kMaxSeed);
  must(text.has_value(), "the seed can be read");
  if (!file.ends_with(".txt")) {
    return {*text};
  }
  std::vector<std::string> seeds;
  for (const std::string_view line : cp::text::split(*text, '\n')) {
    seeds.emplace_back(line);
  }
  return seeds;
}

class Mutator {
  template <class List>
  const auto& any(const List& list) {
    return list[random_() % list.size()];
  }

 public:
  explicit Mutator(std::vector<std::string> seeds) : seeds_(std::move(seeds)) {}

  std::string next() {
    std::string text = any(seeds_);
    for (std::size_t i = 1 + random_() % 4; i > 0; --i) {
      mutate(text);
    }
    return text;
  }

 private:
  std::size_t place(const std::string& text) { return random_() % (text.size() + 1); }

  void mutate(std::string& text) {
    const std::size_t at = place(text);
    switch (random_() % 7) {
      case 0:  // a flipped bit
        if (at < text.size()) {
          text[at] = static_cast<char>(text[at] ^ (1 << (random_() % 8)));
        }
        break;
      case 1:  // another byte, mostly one that means something
        if (at < text.size()) {
          text[at] = byte();
        }
        break;
      case 2:
        text.insert(at, 1, byte());
        break;
      case 3:
        text.erase(at, 1 + random_() % 8);
        break;
      case 4:  // a part of it again
        text.insert(place(text), text.substr(at, random_() % 40));
        break;
      case 5: {  // a part of another seed
        const std::string& other = any(seeds_);
        text.insert(at, other.substr(place(other), random_() % 60));
        break;
      }
      default:  // two bytes swapped
        if (at + 1 < text.size()) {
          std::swap(text[at], text[at + 1]);
        }
    }
  }

  char byte() {
    constexpr std::string_view kMeaning = "\"\\{}[]:,.-+/=eE0129azAZIOLU \n\t";
    return random_() % 4 == 0 ? static_cast<char>(random_()) : any(kMeaning);
  }

  std::vector<std::string> seeds_;
  std::mt19937_64 random_{20261122};  // NOLINT: the same mutations each time
};

void run(const std::string& text) {
  (void)LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

}  // namespace

int main(int argc, char** argv) {
  must(argc >= 3, "a count and seeds are given");
  std::vector<std::string> seeds;
  for (int i = 2; i < argc; ++i) {
    const auto some = seeds_in(argv[i]);
    seeds.insert(seeds.end(), some.begin(), some.end());
  }
  std::ranges::for_each(seeds, run);
  Mutator mutator(seeds);
  const auto count = cp::text::to_uint(argv[1]).value_or(0);
  for (std::uint64_t i = 0; i < count; ++i) {
    run(mutator.next());
  }
  return count > 0 ? 0 : 1;
}
