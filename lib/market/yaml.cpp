// SPDX-License-Identifier: Apache-2.0
#include "market/yaml.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <yaml.h>

namespace cp::market {
namespace {

// What one document may hold; what anchors keep and aliases repeat counts again.
constexpr std::size_t kMostYamlNodes = 100'000;
constexpr std::size_t kMostYamlBytes = 4 * limits::document_bytes;

class YamlEvent {
 public:
  YamlEvent() = default;
  ~YamlEvent() { yaml_event_delete(&event_); }
  YamlEvent(const YamlEvent&) = delete;
  YamlEvent& operator=(const YamlEvent&) = delete;

  yaml_event_t* fill() { return &event_; }
  yaml_event_type_t type() const { return event_.type; }
  const yaml_event_t& operator*() const { return event_; }
  std::int64_t line() const { return static_cast<std::int64_t>(event_.start_mark.line) + 1; }

 private:
  yaml_event_t event_{};
};

std::string chars_of(const yaml_char_t* text) {
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

class YamlReader {
 public:
  explicit YamlReader(std::string_view text) {
    is_ready_ = yaml_parser_initialize(&parser_) == 1;
    if (is_ready_) {
      yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                   text.size());
    }
  }
  ~YamlReader() { yaml_parser_delete(&parser_); }
  YamlReader(const YamlReader&) = delete;
  YamlReader& operator=(const YamlReader&) = delete;

  Result<YamlDocument> document() {
    if (!is_ready_) {
      return fail(Errc::bad_data, "there is no memory to read YAML with");
    }
    YamlNode root;
    root.is_plain = true;
    bool is_read = false;
    while (true) {
      YamlEvent event;
      CP_TRY(next(event));
      switch (event.type()) {
        case YAML_STREAM_END_EVENT:
          return YamlDocument{std::move(root), std::move(doubled_)};
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
          break;
        case YAML_DOCUMENT_START_EVENT:
          if (is_read) {
            return wrong(event.line(), "a second document begins");
          }
          is_read = true;
          break;
        default: {
          CP_TRY_ASSIGN(root, value(event, 0));
        }
      }
    }
  }

 private:
  static tl::unexpected<Error> wrong(std::int64_t line, std::string_view what) {
    return fail(Errc::bad_data, "line {}: {}", line, what);
  }

  Result<void> next(YamlEvent& event) {
    if (yaml_parser_parse(&parser_, event.fill()) != 1) {
      const char* const problem = parser_.problem != nullptr ? parser_.problem : "no YAML";
      const std::size_t line =
          parser_.problem_mark.line != 0 ? parser_.problem_mark.line : parser_.mark.line;
      return wrong(static_cast<std::int64_t>(line) + 1, problem);
    }
    return {};
  }

  Result<YamlNode> value(const YamlEvent& event, int depth) {
    CP_TRY(count(event, {1, 0, 0}, depth));
    switch (event.type()) {
      case YAML_SCALAR_EVENT:
        return scalar(event);
      case YAML_ALIAS_EVENT:
        return alias(event, depth);
      case YAML_SEQUENCE_START_EVENT:
        return sequence(event, depth);
      case YAML_MAPPING_START_EVENT:
        return mapping(event, depth);
      default:
        return wrong(event.line(), "a value is missing");
    }
  }

  Result<YamlNode> scalar(const YamlEvent& event) {
    const auto& said = (*event).data.scalar;
    if (said.length > limits::string_bytes) {
      return wrong(event.line(), "a text is too long");
    }
    YamlNode node;
    node.line = event.line();
    node.text.assign(reinterpret_cast<const char*>(said.value), said.length);
    if (node.text.find('\0') != std::string::npos) {
      return wrong(event.line(), "a text holds a NUL");
    }
    node.is_plain = said.style == YAML_PLAIN_SCALAR_STYLE;
    CP_TRY(count(event, {0, node.text.size(), 0}, 0));
    return keep(event, chars_of(said.anchor), std::move(node));
  }

  Result<YamlNode> alias(const YamlEvent& event, int depth) {
    const auto known = anchors_.find(chars_of((*event).data.alias.anchor));
    if (known == anchors_.end()) {
      return wrong(event.line(), "an alias has no value before it");
    }
    CP_TRY(count(event, size_of(known->second), depth));
    return known->second;
  }

  Result<YamlNode> sequence(const YamlEvent& start, int depth) {
    YamlNode node;
    node.kind = YamlNode::Kind::sequence;
    node.line = start.line();
    while (true) {
      YamlEvent event;
      CP_TRY(next(event));
      if (event.type() == YAML_SEQUENCE_END_EVENT) {
        return keep(event, chars_of((*start).data.sequence_start.anchor), std::move(node));
      }
      CP_TRY_ASSIGN(YamlNode item, value(event, depth + 1));
      node.items.push_back(std::move(item));
    }
  }

  Result<YamlNode> mapping(const YamlEvent& start, int depth) {
    YamlNode node;
    node.kind = YamlNode::Kind::mapping;
    node.line = start.line();
    std::unordered_map<std::string, std::size_t> places;
    while (true) {
      YamlEvent event;
      CP_TRY(next(event));
      if (event.type() == YAML_MAPPING_END_EVENT) {
        return keep(event, chars_of((*start).data.mapping_start.anchor), std::move(node));
      }
      if (event.type() != YAML_SCALAR_EVENT) {
        return wrong(event.line(), "a name is no text");
      }
      CP_TRY_ASSIGN(YamlNode name, value(event, depth + 1));
      YamlEvent member;
      CP_TRY(next(member));
      CP_TRY_ASSIGN(YamlNode item, value(member, depth + 1));
      item.line = name.line;
      const auto [place, is_new] = places.try_emplace(name.text, node.items.size());
      if (is_new) {
        node.names.push_back(std::move(name.text));
        node.items.push_back(std::move(item));
      } else {
        doubled_.emplace_back(name.line, std::move(name.text));
        node.items[place->second] = std::move(item);
      }
    }
  }

  // How much a value is: with all that it holds.
  struct Size {
    std::size_t nodes = 0;
    std::size_t bytes = 0;
    int depth = 0;
  };
  static Size size_of(const YamlNode& node) {
    Size size{1, node.text.size(), 0};
    for (const std::string& name : node.names) {
      size.bytes += name.size();
    }
    for (const YamlNode& item : node.items) {
      const Size one = size_of(item);
      size.nodes += one.nodes;
      size.bytes += one.bytes;
      size.depth = std::max(size.depth, one.depth + 1);
    }
    return size;
  }

  Result<void> count(const YamlEvent& event, const Size& size, int depth) {
    nodes_ += size.nodes;
    bytes_ += size.bytes;
    if (nodes_ > kMostYamlNodes || bytes_ > kMostYamlBytes) {
      return wrong(event.line(), "there is too much in it");
    }
    if (depth + size.depth > limits::json_depth) {
      return wrong(event.line(), "nested too deep");
    }
    return {};
  }

  Result<YamlNode> keep(const YamlEvent& event, const std::string& anchor, YamlNode node) {
    if (!anchor.empty()) {
      CP_TRY(count(event, size_of(node), 0));
      anchors_[anchor] = node;
    }
    return node;
  }

  yaml_parser_t parser_{};
  bool is_ready_ = false;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
  std::vector<std::pair<std::int64_t, std::string>> doubled_;
  std::map<std::string, YamlNode> anchors_;
};

bool stands_for_null(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view name) const {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? nullptr : &items[static_cast<std::size_t>(found - names.begin())];
}

std::optional<std::string> YamlNode::string() const {
  if (kind != Kind::scalar || (is_plain && stands_for_null(text))) {
    return std::nullopt;
  }
  return text;
}

std::optional<double> YamlNode::number() const {
  return kind == Kind::scalar && is_plain ? text::to_double(text) : std::nullopt;
}

std::optional<bool> YamlNode::boolean() const {
  if (kind != Kind::scalar || !is_plain) {
    return std::nullopt;
  }
  if (text::equal_ignoring_case(text, "true")) {
    return true;
  }
  return text::equal_ignoring_case(text, "false") ? std::optional(false) : std::nullopt;
}

Result<YamlDocument> parse_yaml(std::string_view text) {
  if (text.size() > limits::document_bytes) {
    return fail(Errc::bad_data, "longer than {} bytes", limits::document_bytes);
  }
  return YamlReader(text).document();
}

}  // namespace cp::market
