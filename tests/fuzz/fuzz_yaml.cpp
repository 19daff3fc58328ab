// SPDX-License-Identifier: Apache-2.0
// YAML of a catalog: what is taken is within its bounds, however aliases and anchors are laid; what
// is refused is bad data.
#include "base/limits.hpp"
#include "fuzz.hpp"
#include "market/yaml.hpp"

#include <algorithm>

namespace {

struct Measure {
  std::size_t nodes = 0;
  std::size_t bytes = 0;
  int depth = 0;
};

Measure measure(const cp::market::YamlNode& node) {
  Measure all{1, node.text.size(), 0};
  must(node.text.find('\0') == std::string::npos, "no text holds a NUL");
  must(node.names.empty() || node.names.size() == node.items.size(), "each name has a value");
  for (const cp::market::YamlNode& item : node.items) {
    const Measure one = measure(item);
    all.nodes += one.nodes;
    all.bytes += one.bytes;
    all.depth = std::max(all.depth, one.depth + 1);
  }
  return all;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = cp::market::parse_yaml(text_of(data, size));
  if (!document) {
    must(document.error().code == cp::Errc::bad_data, "what is refused is bad data");
    return 0;
  }
  const Measure all = measure(document->root);
  must(all.nodes <= 100'000, "there are no more values than a document may hold");
  must(all.bytes <= 4 * cp::limits::document_bytes, "there is no more text in it");
  must(all.depth <= cp::limits::json_depth, "it is no deeper than it may be");
  return 0;
}
