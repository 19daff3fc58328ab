// SPDX-License-Identifier: Apache-2.0
#include "market/osg.hpp"

#include "base/directory.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "market/countries.hpp"
#include "market/ndjson.hpp"
#include "market/yaml.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <sys/stat.h>
#include <vector>

namespace cp::market {
namespace {

using model::Json;

constexpr std::size_t kMostFiles = 100'000;
constexpr int kDeepestDirectory = 8;

bool is_yaml(std::string_view name) { return name.ends_with(".yaml") || name.ends_with(".yml"); }

std::optional<struct stat> status_of(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? std::optional(status) : std::nullopt;
}

// The directory above the one of a site; empty where the path does not name it.
std::string facility_above(const std::string& site) {
  const std::string above = parent_of(site);
  const std::string_view name = base_name(above);
  return name == "." || name == ".." || name == "/" ? std::string() : std::string(name);
}

bool has_service(const YamlNode& services, std::string_view pattern) {
  return std::any_of(services.names.begin(), services.names.end(),
                     [&](const std::string& name) { return text::like(name, pattern); });
}

// The names are those of topology/services.yaml there.
std::string_view kind_of(const YamlNode* services) {
  constexpr std::array<std::string_view, 8> stores{"GridFtp",  "SRMv2*", "XRootD*", "WebDAV*",
                                                   "Pelican*", "EOS",    "FTS",     "*storage*"};
  if (services == nullptr) {
    return "service";
  }
  if (has_service(*services, "CE") || has_service(*services, "Execution Endpoint")) {
    return "cluster";
  }
  const bool is_storage = std::any_of(stores.begin(), stores.end(), [&](std::string_view pattern) {
    return has_service(*services, pattern);
  });
  return is_storage ? "storage" : "service";
}

class Topology {
 public:
  Topology(CacheImport& import, Lint& lint) : import_(import), lint_(lint) {}

  Result<void> directory(const std::string& path, int depth) {
    CP_TRY_ASSIGN(const std::vector<std::string> names, entries(path));
    const Json place = place_of(path_join(path, "SITE.yaml"));
    const std::string facility = facility_above(path);
    for (const std::string& name : names) {
      const std::string below = path_join(path, name);
      const auto status = status_of(below);
      if (status && S_ISDIR(status->st_mode) && depth < kDeepestDirectory) {
        CP_TRY(directory(below, depth + 1));
      } else if (status && S_ISREG(status->st_mode) && is_yaml(name) && name != "SITE.yaml" &&
                 name != "FACILITY.yaml") {
        CP_TRY(group(below, place, facility));
      }
    }
    return {};
  }

  Result<void> group_alone(const std::string& path, const std::string& provider) {
    const std::string site = parent_of(path);
    const std::string facility = facility_above(site);
    return group(path, place_of(path_join(site, "SITE.yaml")),
                 facility.empty() ? provider : facility);
  }

  // What lies beside PATH has nothing to do with the file that was brought there.
  Result<void> group_from_afar(const std::string& path, const std::string& url,
                               const std::string& provider) {
    lint_.enter(url);
    return group_in(read_entered(path), Json::object(), provider);
  }

 private:
  Result<std::vector<std::string>> entries(const std::string& path) {
    const Directory directory(::opendir(path.c_str()));
    if (!directory) {
      return fail_errno(errno, "cannot open " + path);
    }
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(directory.get())) {
      if (entry->d_name[0] == '.') {
        continue;
      }
      if (++files_ > kMostFiles) {
        return fail(Errc::bad_data, "{}: there are more than {} files", path, kMostFiles);
      }
      names.emplace_back(entry->d_name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  // The document in PATH; null, and told, when there is none.
  std::optional<YamlNode> read(const std::string& path) {
    lint_.enter(path);
    return read_entered(path);
  }

  std::optional<YamlNode> read_entered(const std::string& path) {
    const auto text = read_file(path, limits::document_bytes);
    if (!text) {
      lint_.found(1, Fault::not_yaml, text.error().message);
      return std::nullopt;
    }
    auto document = parse_yaml(*text);
    if (!document) {
      lint_.found(1, Fault::not_yaml, document.error().message);
      return std::nullopt;
    }
    for (const auto& [line, name] : document->doubled) {
      lint_.found(line, Fault::name_twice, name);
    }
    return std::move(document->root);
  }

  Json place_of(const std::string& path) {
    const auto status = status_of(path);
    const auto site =
        status && S_ISREG(status->st_mode) ? read(path) : std::optional<YamlNode>(std::nullopt);
    Json place = Json::object();
    if (!site) {
      return place;
    }
    country(*site, place);
    for (const auto& [name, member] : {std::pair{"State", "region"}, std::pair{"City", "city"}}) {
      const YamlNode* node = site->find(name);
      if (const auto text = node != nullptr ? node->string() : std::nullopt) {
        place[member] = *text;
      }
    }
    coordinate(*site, "Latitude", "lat", 90, place);
    coordinate(*site, "Longitude", "lon", 180, place);
    return place;
  }

  void country(const YamlNode& site, Json& place) {
    const YamlNode* node = site.find("Country");
    const auto name = node != nullptr ? node->string() : std::nullopt;
    if (!name) {
      return;
    }
    if (const auto code = country_code(*name)) {
      place["country"] = *code;
    } else {
      lint_.found(node->line, Fault::unknown_country, *name);
    }
  }

  void coordinate(const YamlNode& site, std::string_view name, const char* member, double most,
                  Json& place) {
    const YamlNode* node = site.find(name);
    if (node == nullptr || !node->string()) {
      return;
    }
    const auto degrees = node->number();
    if (degrees && *degrees >= -most && *degrees <= most) {
      place[member] = *degrees;
    } else {
      lint_.found(node->line, Fault::bad_place, *node->string());
    }
  }

  Result<void> group(const std::string& path, const Json& place, const std::string& facility) {
    return group_in(read(path), place, facility);
  }

  Result<void> group_in(const std::optional<YamlNode>& document, const Json& place,
                        const std::string& facility) {
    if (!document) {
      return {};
    }
    const YamlNode* resources = document->find("Resources");
    if (resources == nullptr || resources->kind != YamlNode::Kind::mapping) {
      lint_.found(document->line, Fault::wrong_schema, "no Resources");
      return {};
    }
    for (std::size_t i = 0; i < resources->names.size(); ++i) {
      CP_TRY(resource(resources->names[i], resources->items[i], place, facility));
    }
    return {};
  }

  Result<void> resource(const std::string& name, const YamlNode& said, const Json& place,
                        const std::string& facility) {
    if (said.kind != YamlNode::Kind::mapping || name.empty()) {
      lint_.found(said.line, Fault::malformed_document, name);
      return {};
    }
    if (is(said, "Active", false) || is(said, "Disable", true)) {
      lint_.found(said.line, Fault::inactive, name);
      return {};
    }
    Json json{
        {"schema", "cp.resource/1"}, {"name", name}, {"kind", kind_of(said.find("Services"))}};
    if (!facility.empty()) {
      json["provider"] = {{"name", facility}};
    }
    if (!place.empty()) {
      json["place"] = place;
    }
    Json known = Json::array();
    for (const auto& [scheme, member] : {std::pair{"osg", "ID"}, std::pair{"dns", "FQDN"}}) {
      const YamlNode* node = said.find(member);
      if (const auto id = node != nullptr ? node->string() : std::nullopt) {
        known.push_back({{"scheme", scheme}, {"id", *id}});
      }
    }
    if (!known.empty()) {
      json["also_known_as"] = std::move(known);
    }
    return import_resource(json, said.line, import_, lint_);
  }

  static bool is(const YamlNode& resource, std::string_view member, bool value) {
    const YamlNode* node = resource.find(member);
    return node != nullptr && node->boolean() == value;
  }

  CacheImport& import_;
  Lint& lint_;
  std::size_t files_ = 0;
};

}  // namespace

bool is_osg_name(std::string_view name) { return is_yaml(name); }

bool may_be_osg(const std::string& path) {
  struct stat status {};
  return is_yaml(path) || (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode));
}

Result<void> import_osg(const std::string& path, const std::string& provider, CacheImport& import,
                        Lint& lint) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return fail_errno(errno, "cannot open " + path);
  }
  Topology topology(import, lint);
  if (S_ISDIR(status.st_mode)) {
    return topology.directory(path, 0);
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(Errc::bad_data, "{} is neither a file nor a directory", path);
  }
  return topology.group_alone(path, provider);
}

Result<void> import_osg_from(const std::string& url, const std::string& path,
                             const std::string& provider, CacheImport& import, Lint& lint) {
  return Topology(import, lint).group_from_afar(path, url, provider);
}

}  // namespace cp::market
