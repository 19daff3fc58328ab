// SPDX-License-Identifier: Apache-2.0
#include "identity/registry_metrics.hpp"

#include "base/escape.hpp"

#include <algorithm>
#include <span>

namespace cp::identity {
namespace {

void head(std::string& text, std::string_view name, std::string_view type, std::string_view help) {
  text += fmt::format("# TYPE {0} {1}\n# HELP {0} {2}\n", name, type, help);
}

void gauge(std::string& text, std::string_view name, std::string_view help, std::int64_t value) {
  head(text, name, "gauge", help);
  text += fmt::format("{} {}\n", name, value);
}

void counter(std::string& text, std::string_view name, std::string_view help, std::int64_t value) {
  head(text, name, "counter", help);
  text += fmt::format("{}_total {}\n", name, value);
}

std::string age_line(std::string_view name, const AuthorityStatus& authority, UnixTime now) {
  if (!authority.head_issued) {
    return "";
  }
  const double age = std::chrono::duration<double>(now - *authority.head_issued).count();
  return fmt::format("{}{{prefix=\"{}\"}} {:.3f}\n", name, escape::openmetrics(authority.prefix),
                     age);
}

void add_requests(std::string& text, const ServiceCounts& counts) {
  head(text, "cp_registry_requests", "counter", "Requests answered.");
  for (std::size_t route = 0; route < kRoutes; ++route) {
    for (std::size_t status = 2; status < 6; ++status) {
      const std::int64_t count = counts.requests[route][status];
      if (count > 0) {
        text += fmt::format("cp_registry_requests_total{{route=\"{}\",status=\"{}xx\"}} {}\n",
                            kRouteNames[route], status, count);
      }
    }
  }
}

}  // namespace

std::string registry_metrics(const RegistryStatus& status, const ServiceCounts& counts,
                             const net::HttpCounts& carried) {
  constexpr std::size_t kMostChildren = 2'000;
  const auto children =
      std::span(status.children).first(std::min(status.children.size(), kMostChildren));
  std::string text;
  add_requests(text, counts);
  gauge(text, "cp_registry_connections", "Connections that are open.", carried.open);
  counter(text, "cp_registry_connections_accepted", "Connections so far.", carried.accepted);
  counter(text, "cp_registry_connections_crowded",
          "Connections refused since their address had too many.", carried.crowded);
  counter(text, "cp_registry_streams_refused",
          "Searches, feeds and dumps refused since too many were under way.", carried.held_off);
  counter(text, "cp_registry_connections_overdue", "Connections broken off at a deadline.",
          carried.overdue);
  gauge(text, "cp_registry_records", "Records of the own prefix.", status.own.records);
  gauge(text, "cp_registry_identifiers", "Identifiers allocated.", status.allocated);
  gauge(text, "cp_registry_ledger_entries", "Entries of the ledger.", status.ledger_seq);
  gauge(text, "cp_registry_head_entry", "The entry that the newest head covers.",
        status.own.head_seq);
  gauge(text, "cp_registry_contradictions", "Times that the own authority said two things at once.",
        status.own.evidence);
  gauge(text, "cp_registry_children", "Prefixes that were delegated.",
        static_cast<std::int64_t>(status.children.size()));
  head(text, "cp_registry_head_age_seconds", "gauge", "How long ago the newest head was issued.");
  text += age_line("cp_registry_head_age_seconds", status.own, status.as_of);
  for (const AuthorityStatus& child : children) {
    text += age_line("cp_registry_head_age_seconds", child, status.as_of);
  }
  head(text, "cp_registry_child_complete", "gauge",
       "Whether the registry of a prefix below was followed to its head the last time.");
  for (const AuthorityStatus& child : children) {
    if (!child.verdict.empty()) {
      text += fmt::format("cp_registry_child_complete{{prefix=\"{}\"}} {}\n",
                          escape::openmetrics(child.prefix), child.verdict == "complete" ? 1 : 0);
    }
  }
  head(text, "cp_registry_child_synced_age_seconds", "gauge",
       "How long ago the registry of a prefix below was complete.");
  for (const AuthorityStatus& child : children) {
    if (child.synced_at) {
      const double age = std::chrono::duration<double>(status.as_of - *child.synced_at).count();
      text += fmt::format("cp_registry_child_synced_age_seconds{{prefix=\"{}\"}} {:.3f}\n",
                          escape::openmetrics(child.prefix), age);
    }
  }
  head(text, "cp_registry_child_records", "gauge", "Records of a child that are kept here.");
  for (const AuthorityStatus& child : children) {
    text += fmt::format("cp_registry_child_records{{prefix=\"{}\"}} {}\n",
                        escape::openmetrics(child.prefix), child.records);
  }
  return text + "# EOF\n";
}

}  // namespace cp::identity
