// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "base/units.hpp"
#include "identity/identifier.hpp"
#include "identity/registry_client.hpp"
#include "identity/resolved.hpp"
#include "identity/resolver.hpp"
#include "resolving.hpp"
#include "resource_columns.hpp"
#include "tool.hpp"

namespace cpid {
namespace {

using cp::Errc;
using cp::Error;
using cp::Result;
using cp::cli::Context;
using cp::identity::Resolved;

// "verified as of now; the newest head of prefix 86 is 3 h old"
std::string how_sure(const Resolved& resolved, cp::UnixTime now) {
  std::string told =
      "verified as of " + cp::format_time(std::chrono::floor<std::chrono::seconds>(now));
  for (const auto& [prefix, issued] : resolved.heads) {
    const auto age = std::chrono::floor<std::chrono::seconds>(now - issued);
    told +=
        "; the newest head of prefix " + prefix + " is " + cp::units::show_duration(age) + " old";
  }
  return resolved.heads.empty() && !resolved.own_authority
             ? told + "; no head is known: what was revoked does not show"
             : told;
}

void say_whence(const Context& context, const std::string& name, const Resolved& resolved) {
  for (const std::string& note : resolved.notes) {
    context.warn(note);
  }
  if (!name.starts_with('@') && !cp::identity::Identifier::parse(name)) {
    context.note(name + ": claimed by the record itself; nobody has confirmed it");
  }
  const bool is_old = resolved.age && !resolved.notes.empty();
  const std::string sure = name + ": " + how_sure(resolved, context.clock().now());
  if (context.arguments().has("offline") || is_old) {
    context.note(sure);
  } else {
    context.detail(sure);
  }
  if (!resolved.source.empty() && resolved.age) {
    const std::string told = name + ": from " + resolved.source + ", asked " +
                             cp::units::show_duration(*resolved.age) + " ago";
    if (context.arguments().has("offline")) {
      context.note(told);
    } else {
      context.detail(told);
    }
  } else if (!resolved.source.empty()) {
    context.detail(name + ": from " + resolved.source);
  }
}

}  // namespace

Result<cp::identity::ResolverSettings> resolver_settings(const Context& context) {
  const cp::cli::Arguments& given = context.arguments();
  for (const std::string& url : given.texts("registry")) {
    if (const auto known = cp::identity::registry_url(url); !known) {
      return given.blame("registry", known.error());
    }
  }
  CP_TRY_ASSIGN(auto settings, cp::identity::read_resolver_settings([&](std::string_view key) {
                  const std::string flag(key == "registry.urls" ? "registry"
                                         : key == "registry.ca" ? "ca"
                                                                : "allow-net");
                  return key == "registry.token" ? "" : cp::text::join(given.texts(flag), ",");
                }));
  settings.patience =
      std::chrono::duration_cast<std::chrono::milliseconds>(*given.duration("timeout"));
  return settings;
}

Result<cp::identity::ChildLimitTable> child_limits(const Context& context) {
  auto table = cp::identity::ChildLimitTable::parse(context.arguments().texts("child-limit"));
  return table ? table : context.arguments().blame("child-limit", table.error());
}

Result<int> resolve(Context& context) {
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  CP_TRY_ASSIGN(auto settings, resolver_settings(context));
  if (const auto file = context.arguments().text("token")) {
    CP_TRY(settings.take_token(*file));
  }
  settings.is_offline = context.arguments().has("offline");
  settings.max_head_age = context.arguments().duration("max-head-age");
  if (!settings.registries.empty()) {
    CP_TRY(cp::open_state_directory(paths));
  }
  CP_TRY_ASSIGN(const auto resolver,
                cp::identity::Resolver::open(paths.state, context.clock(), std::move(settings),
                                             context.stop_on_signals()));
  cp::cli::Output& output = context.output(kResourceColumns);
  for (const std::string& name : context.arguments().operands()) {
    const auto resolved = resolver->resolve(name);
    if (context.stop_signal() != 0) {
      return 128 + context.stop_signal();
    }
    if (!resolved) {
      context.item_failed(resolved.error(), name);
    } else if (resolved->trust != "verified") {
      context.item_failed(Error{Errc::denied, name + ": " + resolved->problem, {}}, name);
    } else {
      say_whence(context, name, *resolved);
      output.record(resolved->record);
    }
  }
  return 0;
}

}  // namespace cpid
