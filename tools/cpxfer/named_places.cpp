// SPDX-License-Identifier: Apache-2.0
#include "named_places.hpp"

#include "base/text.hpp"
#include "cli/context.hpp"
#include "identity/identifier.hpp"
#include "identity/resolved.hpp"
#include "identity/resolver.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <optional>

namespace cpxfer {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::model::Json;

constexpr std::string_view kDaemon = "cpx://";

/// An operand that names a resource.
struct Named {
  std::string name;  ///< its code, or an alias
  std::string path;  ///< below its data access
  bool has_path = false;
};

// An alias is two parts of a path, so that a path of this machine can look like one.
std::optional<Named> alias_in(const std::string& operand) {
  const auto first = operand.find('/');
  if (!operand.starts_with('@') || first == std::string::npos) {
    return std::nullopt;
  }
  const auto second = operand.find('/', first + 1);
  const bool has_path = second != std::string::npos;
  Named named{operand.substr(0, second), has_path ? operand.substr(second + 1) : "", has_path};
  return cp::identity::is_alias(named.name) ? std::optional(std::move(named)) : std::nullopt;
}

Result<std::optional<Named>> named_in(const std::string& operand) {
  if (!cp::text::equal_ignoring_case(operand.substr(0, 3), "cp:")) {
    return alias_in(operand);
  }
  CP_TRY_ASSIGN(const auto place, cp::identity::parse_location(operand));
  const std::string code(place.resource.text());
  return Named{code, place.path, operand.size() > code.size()};
}

// Whoever has a file of that name is not thinking of resources.
tl::unexpected<cp::Error> explained(cp::Error error, const std::string& operand) {
  if (operand.starts_with('@') && error.code != Errc::denied) {
    error.hint += fmt::format("{}write ./{} if it is a path of this machine",
                              error.hint.empty() ? "" : "; ", operand);
  }
  return tl::unexpected<cp::Error>(std::move(error));
}

Result<std::unique_ptr<cp::identity::Resolver>> open_resolver(const Context& context) {
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  return cp::identity::Resolver::open_configured(
      paths, context.clock(), [&](std::string_view key) { return context.setting(key); });
}

// The first data access that is spoken here. One on this machine is written as a path.
Result<Json> data_access_of(const Json& record, const std::string& name) {
  const Json* const list = cp::model::find(record, "access");
  std::string others;
  for (const Json& access : list != nullptr ? *list : Json::array()) {
    const std::string url = cp::model::text_at(access, "url").value_or("");
    if (cp::model::text_at(access, "role") != "data") {
      continue;
    }
    if (url.starts_with(kDaemon)) {
      return access;
    }
    others += (others.empty() ? "" : ", ") + url;
  }
  return cp::fail(Errc::unavailable,
                  "{}: its record has no data access that this cpxfer speaks{}{}", name,
                  others.empty() ? "" : ": ", others);
}

Result<void> check_below(std::string_view path, const std::string& operand) {
  for (const std::string_view part : cp::text::split(path, '/')) {
    if (part == "..") {
      return cp::fail(Errc::usage, "{}: the path leads out of the resource", operand);
    }
  }
  return {};
}

// As parse_location of lib/transfer undoes it.
std::string escaped(std::string_view path) {
  std::string out;
  for (const char c : path) {
    out += c == '%' ? "%25" : std::string(1, c);
  }
  return out;
}

class Places {
 public:
  explicit Places(const Context& context) : context_(context) {}

  Result<void> replace(std::string& operand, std::string& tls_key, bool users_key) {
    CP_TRY_ASSIGN(const auto named, named_in(operand));
    if (!named) {
      return {};
    }
    CP_TRY(check_below(named->path, operand));
    const auto found = resolve(named->name);
    if (!found) {
      return explained(found.error(), operand);
    }
    const Json& access = *found;
    const std::string key = cp::model::text_at(access, "tls_key").value_or("");
    if (users_key && !key.empty()) {
      return cp::fail(Errc::usage, "{}: its record says which key its server has, not --tls-key",
                      operand);
    }
    if (!users_key && !is_first_ && key != tls_key) {
      return cp::fail(Errc::usage, "{}: one transfer asks one server", operand);
    }
    is_first_ = false;
    tls_key = key.empty() ? tls_key : key;
    std::string url = cp::model::text_at(access, "url").value_or("");
    if (named->has_path && !url.ends_with('/')) {
      url += '/';
    }
    operand = url + escaped(named->path);
    context_.detail("it is at " + operand);
    return {};
  }

 private:
  Result<Json> resolve(const std::string& name) {
    if (!resolver_) {
      CP_TRY_ASSIGN(resolver_, open_resolver(context_));
    }
    CP_TRY_ASSIGN(const auto resolved, resolver_->resolve(name));
    for (const std::string& note : resolved.notes) {
      context_.warn(note);
    }
    if (resolved.trust != "verified") {
      return cp::fail(Errc::denied, "{}: its record is {}{}{}", name, resolved.trust,
                      resolved.problem.empty() ? "" : ": ", resolved.problem);
    }
    return data_access_of(resolved.record, name);
  }

  const Context& context_;
  bool is_first_ = true;
  std::unique_ptr<cp::identity::Resolver> resolver_;
};

}  // namespace

Result<void> resolve_named_places(const Context& context, cp::transfer::Request& request) {
  Places places(context);
  const bool users_key = !request.tls_key.empty();
  for (std::string& source : request.sources) {
    CP_TRY(places.replace(source, request.tls_key, users_key));
  }
  return places.replace(request.destination, request.tls_key, users_key);
}

}  // namespace cpxfer
