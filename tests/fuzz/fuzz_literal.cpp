// SPDX-License-Identifier: Apache-2.0
// A Python literal or JSON in a field of a catalog: what is taken is taken again from its JSON, and
// means the same; what is refused is bad data.
#include "base/utf8.hpp"
#include "fuzz.hpp"
#include "market/literal.hpp"
#include "market/skypilot_gpu.hpp"

#include <nlohmann/json.hpp>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const auto gpu = cp::market::read_skypilot_gpu("H100", "8", text);
  must(!gpu.memory_bytes || *gpu.memory_bytes > 0, "a memory is above 0");
  const auto literal = cp::market::parse_literal(text);
  if (!literal) {
    must(literal.error().code == cp::Errc::bad_data, "what is refused is bad data");
    return 0;
  }
  if (!cp::utf8::is_valid(text)) {
    return 0;  // the importers take no such line
  }
  // JSON writes control characters and quotes with escapes that a literal has no name for.
  const auto is_plain = [](unsigned char c) { return c >= 0x20 && c != '\\' && c != '"'; };
  for (const char c : text) {
    if (!is_plain(static_cast<unsigned char>(c))) {
      return 0;
    }
  }
  const auto again = cp::market::parse_literal(literal->dump());
  must(again && *again == *literal, "its JSON means the same");
  return 0;
}
