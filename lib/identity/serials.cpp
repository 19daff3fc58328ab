// SPDX-License-Identifier: Apache-2.0
#include "identity/serials.hpp"

#include "identity/identifier.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace cp::identity {
namespace {

constexpr std::string_view kLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

// Characters of serials, from random bytes that are fetched many at a time. 32 divides 256, so each
// character is as likely as any other.
class Letters {
 public:
  explicit Letters(Random& random) : random_(random) {}

  void fill(std::span<char> serial) {
    for (char& c : serial) {
      if (at_ == bytes_.size()) {
        random_.fill(bytes_);
        at_ = 0;
      }
      c = kLetters[std::to_integer<std::size_t>(bytes_[at_++]) % kLetters.size()];
    }
  }

 private:
  Random& random_;
  std::array<std::byte, 256> bytes_{};
  std::size_t at_ = bytes_.size();
};

}  // namespace

namespace {

// Counts SERIAL up by one; false when it was the last.
bool count_up(std::string& serial) {
  for (auto digit = serial.rbegin(); digit != serial.rend(); ++digit) {
    const std::size_t at = kLetters.find(*digit) + 1;
    *digit = kLetters[at % kLetters.size()];
    if (at < kLetters.size()) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string next_serial(std::string_view prefix, std::string_view last, std::size_t length) {
  std::string serial = last.empty() ? std::string(length, '0') : std::string(last);
  bool there = last.empty() || count_up(serial);
  while (there && !has_check_characters(std::string(prefix) + "/" + serial)) {
    there = count_up(serial);
  }
  return there ? serial : "";
}

std::vector<std::string> draw_serials(std::string_view prefix, std::size_t count,
                                      std::size_t length, Random& random) {
  Letters letters(random);
  std::string body = std::string(prefix) + "/" + std::string(length, '0');
  const std::span<char> serial = std::span(body).last(length);
  std::vector<std::string> serials;
  serials.reserve(count);
  while (serials.size() < count) {
    letters.fill(serial);
    if (has_check_characters(body)) {
      serials.emplace_back(serial.begin(), serial.end());
    }
  }
  std::ranges::sort(serials);
  serials.erase(std::unique(serials.begin(), serials.end()), serials.end());
  return serials;
}

}  // namespace cp::identity
