// SPDX-License-Identifier: Apache-2.0
#include "identity/status_page.hpp"

#include "base/escape.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

#include <algorithm>

namespace cp::identity {
namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222; background: #fff }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #ddd; overflow-wrap: anywhere }}
td.n, th.n {{ text-align: right }}
.bad {{ color: #a00; font-weight: 600 }}
nav a {{ margin-right: 1rem }}
@media (prefers-color-scheme: dark) {{ body {{ color: #ddd; background: #181818 }} a {{ color: #8bf }} th, td {{ border-color: #444 }} .bad {{ color: #f88 }} }}
</style></head><body>
)";

std::string age_of(const std::optional<UnixTime>& time, UnixTime now) {
  if (!time) {
    return R"(<span class="bad">never</span>)";
  }
  const auto age = std::chrono::floor<std::chrono::seconds>(now - *time);
  return escape::xml(units::show_duration(std::max(age, std::chrono::seconds(0)))) + " ago";
}

std::string until(const std::optional<UnixTime>& time, UnixTime now) {
  if (!time) {
    return "for ever";
  }
  const std::string text = format_time(*time);
  return *time > now ? text : R"(<span class="bad">)" + text + "</span>";
}

std::string count(std::int64_t number, bool is_bad) {
  return is_bad && number > 0 ? fmt::format(R"(<span class="bad">{}</span>)", number)
                              : fmt::format("{}", number);
}

void add(std::string& page, std::string_view name, const std::string& html) {
  page.append("<tr><th>").append(name).append("</th><td>").append(html).append("</td></tr>\n");
}

// Foreign URLs stand as text: a page of ours leads nowhere that a stranger chose.
std::string row_of(const AuthorityStatus& child, UnixTime now) {
  return fmt::format(
      "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td>"
      "<td class=\"n\">{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td></tr>\n",
      escape::xml(child.prefix), escape::xml(child.name), escape::xml(child.level),
      escape::xml(text::join(child.registries, " ")), child.records, child.head_seq,
      age_of(child.head_issued, now), until(child.not_after, now), count(child.evidence, true));
}

}  // namespace

std::string status_page(const RegistryStatus& status) {
  const AuthorityStatus& own = status.own;
  const std::string title = escape::xml("Registry of prefix " + own.prefix);
  std::string page = fmt::format(fmt::runtime(kHead), title);
  page += "<h1>" + title + "</h1>\n<table>\n";
  add(page, "name", escape::xml(own.name));
  add(page, "level", escape::xml(own.level));
  add(page, "identifiers allocated", count(status.allocated, false));
  add(page, "records", count(own.records, false));
  add(page, "entries of the ledger", count(status.ledger_seq, false));
  add(page, "newest head",
      fmt::format("entry {}, {}", own.head_seq, age_of(own.head_issued, status.as_of)));
  add(page, "valid until", until(own.not_after, status.as_of));
  page += "</table>\n";
  if (!status.children.empty()) {
    page +=
        "<h2>Below it</h2>\n<table>\n<tr><th>prefix</th><th>name</th><th>level</th>"
        "<th>registries</th><th class=\"n\">records here</th><th class=\"n\">head</th>"
        "<th>of</th><th>valid until</th><th class=\"n\">contradictions</th></tr>\n";
    for (const AuthorityStatus& child : status.children) {
      page += row_of(child, status.as_of);
    }
    page += "</table>\n";
  }
  return page +
         "<nav><p><a href=\"/v1/bootstrap\">bootstrap</a><a href=\"/v1/feed\">feed</a>"
         "<a href=\"/v1/dump\">dump</a><a href=\"/metrics\">metrics</a></p></nav>\n<p>as of " +
         format_time(std::chrono::floor<std::chrono::seconds>(status.as_of)) +
         "</p>\n</body></html>\n";
}

}  // namespace cp::identity
