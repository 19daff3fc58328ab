// SPDX-License-Identifier: Apache-2.0
#include "identity/status_page.hpp"

#include "base/escape.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace cp::identity {
namespace {

constexpr std::size_t kMostRows = 2'000;

// Wide: a table. Narrow: a block for each prefix, each value beside its name.
constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{}</title>
<style>
:root {{ color-scheme: light dark; --ink: #1b1f24; --dim: #59636e; --line: #d5dae0; --back: #fff; --card: #f6f8fa; --link: #0a58ca; --good: #17692f; --goodback: #dcf3e2; --warn: #7a4d00; --warnback: #fdf0cf; --bad: #a4121f; --badback: #fde3e4 }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #e3e7ec; --dim: #9aa4af; --line: #3a424c; --back: #14181d; --card: #1d232a; --link: #7db4ff; --good: #7fdc98; --goodback: #173a22; --warn: #f0c869; --warnback: #3d300f; --bad: #ff9a9f; --badback: #471b1f }} }}
* {{ box-sizing: border-box }}
body {{ font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; margin: 0 auto; max-width: 76rem; padding: 1.5rem 1.25rem 3rem; color: var(--ink); background: var(--back) }}
h1 {{ font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere }}
h2 {{ font-size: 1.2rem; margin: 2rem 0 .5rem }}
a {{ color: var(--link) }}
nav a {{ margin-right: 1rem; white-space: nowrap }}
.dim {{ color: var(--dim) }}
.bad {{ color: var(--bad); font-weight: 600 }}
dl {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); gap: .75rem; margin: 1rem 0 }}
dl div {{ background: var(--card); border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .75rem }}
dt {{ color: var(--dim); font-size: .85rem }}
dd {{ margin: 0; font-weight: 600; overflow-wrap: anywhere; font-variant-numeric: tabular-nums }}
.v {{ display: inline-block; padding: 0 .5rem; border-radius: .8rem; font-weight: 600; font-size: .9rem; white-space: nowrap }}
.v.good {{ color: var(--good); background: var(--goodback) }}
.v.warn {{ color: var(--warn); background: var(--warnback) }}
.v.bad {{ color: var(--bad); background: var(--badback) }}
.v.none {{ color: var(--dim); background: var(--card) }}
.sum {{ margin: 0 0 .75rem }}
.sum .v {{ margin-right: .5rem }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: .45rem 1rem .45rem 0; border-bottom: 1px solid var(--line) }}
th {{ color: var(--dim); font-weight: 600; font-size: .85rem; white-space: nowrap }}
td.n, th.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }}
td.t, td small span {{ white-space: nowrap }}
td.w {{ overflow-wrap: anywhere; min-width: 9rem }}
td:last-child, th:last-child {{ padding-right: 0 }}
td small {{ display: block; color: var(--dim); overflow-wrap: anywhere }}
td small.bad {{ color: var(--bad) }}
@media (max-width: 60rem) {{
thead {{ display: none }}
table, tbody, tr {{ display: block }}
tr {{ background: var(--card); border: 1px solid var(--line); border-radius: .4rem; margin: .75rem 0; padding: .5rem .75rem }}
td, td.n {{ display: grid; grid-template-columns: 7.5rem 1fr; gap: .5rem; padding: .15rem 0; border: 0; text-align: left; white-space: normal; overflow-wrap: anywhere }}
td::before {{ content: attr(data-is); color: var(--dim); font-size: .85rem; line-height: 1.75 }}
td small {{ grid-column: 2 }}
}}
</style></head><body>
)";

struct Look {
  std::string_view verdict;
  std::string_view css;
  std::string_view word;
};
constexpr std::array<Look, 7> kLooks{{{"complete", "good", "complete"},
                                      {"stale", "warn", "stale"},
                                      {"limited", "warn", "limited"},
                                      {"missing", "bad", "missing"},
                                      {"gap", "bad", "gap"},
                                      {"lying", "bad", "lying"},
                                      {"unasked", "none", "not followed"}}};

// Foreign text: what turns the direction of writing is shown, and turns nothing.
std::string foreign(std::string_view text) { return escape::xml(escape::terminal(text)); }

std::string badge(std::string_view css, const std::string& html) {
  return fmt::format(R"(<span class="v {}">{}</span>)", css, html);
}

std::string verdict_of(const std::string& verdict) {
  if (verdict.empty()) {
    return R"(<span class="dim">no registry</span>)";
  }
  const auto look = std::ranges::find(kLooks, verdict, &Look::verdict);
  return look == kLooks.end() ? badge("bad", foreign(verdict))
                              : badge(look->css, std::string(look->word));
}

std::string ago(UnixTime time, UnixTime now) {
  const auto age = std::chrono::floor<std::chrono::seconds>(now - time);
  return foreign(units::show_duration(std::max(age, std::chrono::seconds(0)))) + " ago";
}

std::string age_of(const std::optional<UnixTime>& time, UnixTime now) {
  return time ? ago(*time, now) : R"(<span class="bad">never</span>)";
}

std::string until(const std::optional<UnixTime>& time, UnixTime now) {
  if (!time) {
    return "for ever";
  }
  const std::string text = format_time(std::chrono::floor<std::chrono::seconds>(*time));
  return *time > now ? text : R"(<span class="bad">)" + text + "</span>";
}

std::string count(std::int64_t number, bool is_bad) {
  return is_bad && number > 0 ? fmt::format(R"(<span class="bad">{}</span>)", number)
                              : fmt::format("{}", number);
}

void add_fact(std::string& page, std::string_view name, const std::string& html) {
  page += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", name, html.empty() ? "–" : html);
}

std::string small(const std::string& text) {
  return text.empty() ? "" : "<small>" + foreign(text) + "</small>";
}

void add_cell(std::string& row, std::string_view css, std::string_view name,
              const std::string& html) {
  row += fmt::format(R"(<td class="{}" data-is="{}"><span>{}</span></td>)", css, name, html);
}

// Foreign URLs stand as text: a page of ours leads nowhere that a stranger chose.
std::string row_of(const AuthorityStatus& child, UnixTime now) {
  const bool is_followed = child.tried_at.has_value();
  std::string row = "<tr>";
  const auto with = [](std::string_view text) { return small(std::string(text)); };
  add_cell(row, "t", "prefix", foreign(child.prefix));
  add_cell(row, "w", "name",
           foreign(child.name) + with(child.level) + with(text::join(child.registries, " ")));
  const std::string contradictions =
      child.evidence > 0
          ? fmt::format(R"(<small class="bad">it said two things at once: {}</small>)",
                        child.evidence)
          : "";
  add_cell(row, "w", "state", verdict_of(child.verdict) + with(child.problem) + contradictions);
  add_cell(row, "t", "complete",
           is_followed ? age_of(child.synced_at, now) + "<small>asked " +
                             ago(*child.tried_at, now) + "</small>"
                       : "–");
  add_cell(row, "n", "records here",
           fmt::format("{}", child.records) +
               (is_followed ? fmt::format("<small>entry {} of {}</small>", child.seq,
                                          std::max(child.seq, child.ledger_seq))
                            : ""));
  add_cell(row, "t", "valid until", until(child.not_after, now));
  return row + "</tr>\n";
}

std::string summary_of(const std::vector<AuthorityStatus>& children) {
  std::map<std::string, std::size_t> counts;
  for (const AuthorityStatus& child : children) {
    ++counts[child.verdict];
  }
  std::string text = fmt::format(R"(<p class="sum">{} {}: )", children.size(),
                                 children.size() == 1 ? "prefix" : "prefixes");
  for (const Look& look : kLooks) {
    if (const auto found = counts.extract(std::string(look.verdict))) {
      text += badge(look.css, fmt::format("{} {}", found.mapped(), look.word));
    }
  }
  for (const auto& [verdict, number] : counts) {
    text += verdict.empty()
                ? fmt::format(R"(<span class="v none">{} without a registry</span>)", number)
                : badge("bad", fmt::format("{} {}", number, foreign(verdict)));
  }
  return text + "</p>\n";
}

std::string children_of(const RegistryStatus& status) {
  std::string page = "<h2>Below it</h2>\n" + summary_of(status.children) +
                     "<table>\n<thead><tr><th>prefix</th><th>name</th><th>state</th>"
                     "<th>complete</th><th class=\"n\">records here</th>"
                     "<th>valid until</th></tr></thead>\n<tbody>\n";
  const std::size_t shown = std::min(status.children.size(), kMostRows);
  for (std::size_t i = 0; i < shown; ++i) {
    page += row_of(status.children[i], status.as_of);
  }
  page += "</tbody></table>\n";
  if (shown < status.children.size()) {
    page += fmt::format("<p>and {} more</p>\n", status.children.size() - shown);
  }
  return page;
}

}  // namespace

std::string status_page(const RegistryStatus& status) {
  const AuthorityStatus& own = status.own;
  const std::string title = foreign("Registry of prefix " + own.prefix);
  std::string page = fmt::format(fmt::runtime(kHead), title);
  page += "<header><h1>" + title + "</h1>\n<p class=\"dim\">" + foreign(own.name) +
          "</p></header>\n<main>\n<dl>\n";
  add_fact(page, "level", foreign(own.level));
  add_fact(page, "identifiers allocated", count(status.allocated, false));
  add_fact(page, "records", count(own.records, false));
  add_fact(page, "entries of the ledger", count(status.ledger_seq, false));
  add_fact(page, "newest head",
           own.head_issued
               ? fmt::format("entry {}, {}", own.head_seq, ago(*own.head_issued, status.as_of))
               : age_of(own.head_issued, status.as_of));
  add_fact(page, "valid until", until(own.not_after, status.as_of));
  page += "</dl>\n";
  if (!status.children.empty()) {
    page += children_of(status);
  }
  return page +
         "</main>\n<footer><nav><p><a href=\"/v1/bootstrap\">bootstrap</a>"
         "<a href=\"/v1/feed\">feed</a><a href=\"/v1/dump\">dump</a>"
         "<a href=\"/metrics\">metrics</a></p></nav>\n<p class=\"dim\">as of " +
         format_time(std::chrono::floor<std::chrono::seconds>(status.as_of)) +
         "</p></footer>\n</body></html>\n";
}

}  // namespace cp::identity
