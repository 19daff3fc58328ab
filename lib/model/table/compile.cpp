// SPDX-License-Identifier: Apache-2.0
//
// Turns accelerators.toml into the C++ that lib/model/accelerators.cpp includes: compile IN OUT.
// Says what is wrong with the file, by its lines, and makes nothing then: a figure without a
// source, a source without a date, a figure that no accelerator can have, a spelling with two
// meanings.
#include "base/text.hpp"
#include "model/accelerator_spelling.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

using cp::model::spell;

// A figure in base units, its place in the document, and what it may be.
struct Kind {
  std::string_view key;  ///< in the file
  std::string_view what;
  double unit;
  double least;  ///< in the file's unit
  double most;
};
constexpr double kTera = 1e12;
constexpr std::array kKinds{Kind{"year", "year", 1, 2005, 2035},
                            Kind{"memory_gib", "memory_bytes", 1024.0 * 1024 * 1024, 1, 2048},
                            Kind{"bandwidth_gb_s", "memory_bandwidth", 1e9, 10, 100000},
                            Kind{"link_gb_s", "interconnect", 8e9, 10, 20000}};
constexpr double kLeastTflops = 0.01;
constexpr double kMostTflops = 200000;
constexpr std::array<std::string_view, 10> kFormats{"fp64", "fp32", "tf32", "bf16", "fp16",
                                                    "fp8",  "fp6",  "fp4",  "int8", "int4"};
constexpr std::array<std::string_view, 13> kVendors{
    "nvidia", "amd",       "intel",        "google",  "aws",      "huawei", "cambricon",
    "hygon",  "kunlunxin", "moorethreads", "enflame", "iluvatar", "metax"};
constexpr std::array<std::string_view, 5> kSourceKeys{"id", "title", "address", "as_of", "via"};
constexpr std::array<std::string_view, 11> kModelKeys{"name",   "vendor", "aliases",   "form",
                                                      "source", "from",   "tflops",    "link",
                                                      "note",   "year",   "memory_gib"};
constexpr std::array<std::string_view, 3> kFamilyKeys{"name", "members", "aliases"};

template <class List>
bool holds(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

const Kind* find_kind(std::string_view key) {
  const auto* kind =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& one) { return one.key == key; });
  return kind == kKinds.end() ? nullptr : kind;
}

std::string literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
    }
    out.push_back(c);
  }
  return out + '"';
}

class Compiler {
 public:
  explicit Compiler(std::string file) : file_(std::move(file)) {}

  bool read(const toml::table& root) {
    each(root, "source", [this](const toml::table& one) { read_source(one); });
    each(root, "model", [this](const toml::table& one) { read_model(one); });
    each(root, "family", [this](const toml::table& one) { read_family(one); });
    for (const auto& [name, member] : root) {
      if (!holds(std::array<std::string_view, 3>{"source", "model", "family"}, name.str())) {
        complain(member, fmt::format("nobody reads '{}'", name.str()));
      }
    }
    for (const auto& [id, source] : sources_) {
      if (!source.is_used) {
        complain_at(source.line, fmt::format("no figure is from the source '{}'", id));
      }
    }
    return complaints_ == 0;
  }

  std::string text() const {
    return fmt::format(
        "constexpr std::array<AcceleratorSource, {}> kSources{{{{\n{}}}}};\n"
        "constexpr std::array<AcceleratorFigure, {}> kFigures{{{{\n{}}}}};\n"
        "constexpr std::array<std::string_view, {}> kAliases{{{{\n{}}}}};\n"
        "constexpr std::array<Accelerator, {}> kModels{{{{\n{}}}}};\n"
        "constexpr std::array<Family, {}> kFamilies{{{{\n{}}}}};\n",
        sources_.size(), source_rows_, figures_, figure_rows_, aliases_, alias_rows_,
        models_.size(), model_rows_, families_, family_rows_);
  }

 private:
  struct Source {
    std::size_t index;
    std::uint32_t line;
    bool is_used = false;
  };

  void complain_at(std::uint32_t line, const std::string& what) {
    std::cerr << file_ << ':' << line << ": " << what << '\n';
    ++complaints_;
  }
  void complain(const toml::node& node, const std::string& what) {
    complain_at(node.source().begin.line, what);
  }

  template <class Read>
  void each(const toml::table& root, std::string_view name, Read read) {
    const toml::array* list = root[name].as_array();
    if (list == nullptr) {
      return complain(root, fmt::format("there is no [[{}]]", name));
    }
    for (const toml::node& one : *list) {
      if (const toml::table* table = one.as_table(); table != nullptr) {
        read(*table);
      } else {
        complain(one, fmt::format("a {} is no table", name));
      }
    }
  }

  // The text at KEY; "" and, where it has to be there, a complaint without one.
  std::string_view word(const toml::table& table, std::string_view key, bool is_needed = true) {
    const auto text = table[key].value<std::string_view>();
    if (!text && (is_needed || table.contains(key))) {
      complain(table, fmt::format("'{}' has to be a text", key));
    }
    if (text && (text->empty() || std::any_of(text->begin(), text->end(), [](char c) {
                   return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
                 }))) {
      complain(table, fmt::format("'{}' is empty or has control characters", key));
    }
    return text.value_or("");
  }

  std::vector<std::string_view> words(const toml::table& table, std::string_view key) {
    std::vector<std::string_view> out;
    if (!table.contains(key)) {
      return out;
    }
    const toml::array* list = table[key].as_array();
    if (list == nullptr) {
      complain(table, fmt::format("'{}' has to be an array", key));
      return out;
    }
    for (const toml::node& one : *list) {
      if (const auto text = one.value<std::string_view>(); text && !text->empty()) {
        out.push_back(*text);
      } else {
        complain(one, fmt::format("'{}' holds what is no text", key));
      }
    }
    return out;
  }

  void read_source(const toml::table& table) {
    const std::string_view id = word(table, "id");
    const std::string_view address = word(table, "address");
    if (!address.starts_with("https://") && !address.starts_with("http://")) {
      complain(table, "the address is no URL");
    }
    const auto date = table["as_of"].value<toml::date>();
    if (!date) {
      complain(table, "as_of has to be a date");
    }
    for (const auto& [key, value] : table) {
      if (!holds(kSourceKeys, key.str())) {
        complain(value, fmt::format("a source has no '{}'", key.str()));
      }
    }
    const auto line = table.source().begin.line;
    if (!sources_.try_emplace(std::string(id), Source{sources_.size(), line}).second) {
      complain(table, fmt::format("there are two sources '{}'", id));
    }
    const toml::date day = date.value_or(toml::date{});
    source_rows_ +=
        fmt::format("{{{}, {}, {}, \"{:04}-{:02}-{:02}\"}},\n", literal(word(table, "title")),
                    literal(address), literal(word(table, "via", false)), day.year,
                    static_cast<int>(day.month), static_cast<int>(day.day));
  }

  // The index of the source of the figure KEY of MODEL.
  std::optional<std::size_t> source_of(const toml::table& model, std::string_view key) {
    std::string id(model["from"][key].value_or(std::string_view{}));
    if (id.empty()) {
      id = model["source"].value_or(std::string_view{});
    }
    const auto found = sources_.find(id);
    if (found == sources_.end()) {
      complain(model, id.empty() ? fmt::format("the figure '{}' has no source", key)
                                 : fmt::format("'{}' is from '{}', which is no source", key, id));
      return std::nullopt;
    }
    found->second.is_used = true;
    return found->second.index;
  }

  void figure(const toml::table& model, std::string_view key, std::string_view what,
              std::string_view format, bool is_matrix, double value) {
    const auto source = source_of(model, key);
    if (!source) {
      return;
    }
    figure_rows_ +=
        fmt::format("{{\"{}\", \"{}\", {}, {}ULL, &kSources[{}]}},\n", what, format, is_matrix,
                    static_cast<std::uint64_t>(std::llround(value)), *source);
    ++figures_;
    ++own_figures_;
  }

  bool is_sane(const toml::table& model, std::string_view key, std::optional<double> value,
               double least, double most) {
    if (!value || !std::isfinite(*value) || *value < least || *value > most) {
      complain(model, fmt::format("'{}' has to be a number from {} to {}", key, least, most));
      return false;
    }
    return true;
  }

  void read_figures(const toml::table& model) {
    own_figures_ = 0;
    for (const Kind& kind : kKinds) {
      const auto value = model[kind.key].value<double>();
      if (model.contains(kind.key) && is_sane(model, kind.key, value, kind.least, kind.most)) {
        figure(model, kind.key, kind.what, "", false, *value * kind.unit);
      }
    }
    if (const toml::table* rates = model["tflops"].as_table(); rates != nullptr) {
      for (const auto& [key, node] : *rates) {
        std::string_view format = key.str();
        const bool is_matrix = format.ends_with("_matrix");
        format.remove_suffix(is_matrix ? std::string_view("_matrix").size() : 0);
        if (!holds(kFormats, format)) {
          complain(node, fmt::format("'{}' is no number format", key.str()));
        } else if (const auto value = node.value<double>();
                   is_sane(model, key.str(), value, kLeastTflops, kMostTflops)) {
          figure(model, key.str(), "flops", format, is_matrix, *value * kTera);
        }
      }
    }
    if (model.contains("source") && own_figures_ == 0) {
      complain(model, "a source, and no figure");
    }
    check_from(model);
  }

  void check_from(const toml::table& model) {
    const toml::table* from = model["from"].as_table();
    for (const auto& [key, node] : from == nullptr ? toml::table{} : *from) {
      if (!model.contains(key.str()) && !model["tflops"][key.str()]) {
        complain(node, fmt::format("there is no figure '{}' that could be from there", key.str()));
      }
    }
  }

  void read_model(const toml::table& table) {
    const std::string_view name = word(table, "name");
    const std::string_view vendor = word(table, "vendor");
    if (!holds(kVendors, vendor)) {
      complain(table, fmt::format("'{}' is no vendor of the table", vendor));
    }
    for (const auto& [key, value] : table) {
      if (!holds(kModelKeys, key.str()) && find_kind(key.str()) == nullptr) {
        complain(value, fmt::format("a model has no '{}'", key.str()));
      }
    }
    models_.try_emplace(std::string(name), vendor);
    const std::size_t first = figures_;
    read_figures(table);
    const auto gib = table["memory_gib"].value<double>();
    model_rows_ += fmt::format(
        "{{{}, {}, {}, {}, {}, {}, std::span<const AcceleratorFigure>{{kFigures.data() + {}, {}}}, "
        "{}}},\n",
        literal(name), literal(vendor), literal(word(table, "form")),
        literal(word(table, "link", false)), literal(word(table, "note", false)),
        gib ? fmt::format("std::uint64_t{{{}}}", std::llround(*gib * kKinds[1].unit))
            : "std::nullopt",
        first, figures_ - first, spellings(table, name, vendor));
  }

  void read_family(const toml::table& table) {
    const std::string_view name = word(table, "name");
    std::string members;
    std::set<std::string_view> vendors;
    for (const std::string_view member : words(table, "members")) {
      const auto found = models_.find(std::string(member));
      if (found == models_.end()) {
        complain(table, fmt::format("'{}' is no model", member));
        continue;
      }
      vendors.insert(found->second);
      members += members.empty() ? "" : "|";
      members += member;
    }
    for (const auto& [key, value] : table) {
      if (!holds(kFamilyKeys, key.str())) {
        complain(value, fmt::format("a family has no '{}'", key.str()));
      }
    }
    if (vendors.size() != 1) {
      return complain(table, "a family has members of one vendor");
    }
    family_rows_ += fmt::format("{{{}, {}, {}}},\n", literal(name), literal(members),
                                spellings(table, name, *vendors.begin()));
    ++families_;
  }

  // Takes NAME and its aliases down; the C++ of the span of the latter.
  std::string spellings(const toml::table& table, std::string_view name, std::string_view vendor) {
    define(table, name, name, vendor);
    const std::size_t first = aliases_;
    for (const std::string_view alias : words(table, "aliases")) {
      define(table, alias, name, vendor);
      alias_rows_ += literal(alias) + ",\n";
      ++aliases_;
    }
    return fmt::format("std::span<const std::string_view>{{kAliases.data() + {}, {}}}", first,
                       aliases_ - first);
  }

  void define(const toml::table& table, std::string_view text, std::string_view name,
              std::string_view vendor) {
    const cp::model::Spelling spelling = spell(text);
    if (!spelling.vendor.empty() && spelling.vendor != vendor) {
      complain(table, fmt::format("'{}' bears the brand of another vendor", text));
    }
    const auto [other, is_new] = meanings_.try_emplace(spelling.folded, name);
    if (!is_new) {
      complain(table, other->second == name
                          ? fmt::format("'{}' says nothing that is not said of it", text)
                          : fmt::format("'{}' is also '{}'", text, other->second));
    }
  }

  std::string file_;
  int complaints_ = 0;
  std::map<std::string, Source, std::less<>> sources_;
  std::map<std::string, std::string, std::less<>> models_;    ///< name, vendor
  std::map<std::string, std::string, std::less<>> meanings_;  ///< folded spelling, canonical name
  std::size_t figures_ = 0, own_figures_ = 0, aliases_ = 0, families_ = 0;
  std::string source_rows_, figure_rows_, alias_rows_, model_rows_, family_rows_;
};

int compile(const std::string& in, const std::string& out) {
  const toml::table root = toml::parse_file(in);
  Compiler compiler(in);
  if (!compiler.read(root)) {
    return 1;
  }
  std::ofstream file(out, std::ios::binary | std::ios::trunc);
  file << "// Made from " << in.substr(in.rfind('/') + 1) << " by the build.\n" << compiler.text();
  file.close();
  if (!file) {
    std::cerr << out << ": cannot be written\n";
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: cp_accelerator_table IN OUT\n";
    return 64;
  }
  try {
    return compile(argv[1], argv[2]);
  } catch (const toml::parse_error& error) {
    std::cerr << argv[1] << ':' << error.source().begin.line << ": " << error.description() << '\n';
    return 1;
  }
}
