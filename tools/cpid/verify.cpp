// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"
#include "base/units.hpp"
#include "identity/label_rule.hpp"
#include "model/document.hpp"
#include "model/json.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace cpid {
namespace {

using cp::Result;
using cp::cli::Context;
using cp::cli::Output;
using cp::identity::Judge;
using cp::identity::Verdict;
using cp::model::Json;
using cp::store::Transaction;

constexpr std::array kVerifyColumns{
    cp::cli::Column{"INPUT", "input", cp::cli::Show::id},
    cp::cli::Column{"DOCUMENT", "document"},
    cp::cli::Column{"VERDICT", "verdict", cp::cli::Show::verdict},
    cp::cli::Column{"REASON", "reason"},
    cp::cli::Column{"MESSAGE", "message"},
};

constexpr std::size_t kDocumentsPerTransaction = 10'000;

std::string seconds_text(cp::UnixTime time) {
  return cp::format_time(std::chrono::floor<std::chrono::seconds>(time));
}

// Prints verdicts and counts them.
class Report {
 public:
  explicit Report(Context& context)
      : context_(context),
        output_(context.output(kVerifyColumns)),
        only_bad_(context.arguments().has("only-bad")),
        started_(context.clock().steady()) {}

  /// NOTE goes behind what is said of a document that holds, unless it is empty.
  void add(const Json& document, const Verdict& verdict, std::size_t line,
           const std::string& note) {
    ++checked_;
    failed_ += verdict.holds() ? 0U : 1U;
    if (!verdict.holds() || !only_bad_) {
      output_.record(record_of(document, verdict, line, note));
    }
    for (const Verdict::Head& head : verdict.heads) {
      const auto known = std::ranges::find(heads_, head.prefix, &Verdict::Head::prefix);
      if (known == heads_.end()) {
        heads_.push_back(head);
      } else {
        *known = head;
      }
    }
  }

  void pass_on(const Json& document) { output_.record(document); }

  /// The exit status; bad_data when nothing was checked: whoever made the input may have died.
  Result<int> finish() {
    const std::chrono::duration<double> took = context_.clock().steady() - started_;
    if (context_.arguments().has("offline")) {
      say_ages();
    }
    if (output_.form() == Output::Form::table) {
      output_.line(fmt::format("{} checked, {} verified, {} not, as of {}", checked_,
                               checked_ - failed_, failed_, seconds_text(context_.clock().now())));
    } else {
      output_.record({{"schema", "cp.check/1"},
                      {"summary",
                       {{"checked", checked_},
                        {"valid", checked_ - failed_},
                        {"failed", failed_},
                        {"duration_s", took.count()}}},
                      {"as_of", seconds_text(context_.clock().now())}});
    }
    if (checked_ == 0) {
      return cp::fail(cp::Errc::bad_data, "there is no document to verify");
    }
    return failed_ == 0 ? 0 : 1;
  }

 private:
  Json record_of(const Json& document, const Verdict& verdict, std::size_t line,
                 const std::string& note) const {
    const auto subject = cp::model::text_at(document, "id");
    const auto input = subject ? subject : cp::model::text_at(document, "prefix");
    Json record{{"schema", "cp.check/1"},
                {"input", input ? Json(*input) : Json(cp::model::to_line(document).substr(0, 200))},
                {"document", cp::model::text_at(document, "schema").value_or("unknown")},
                {"line", line},
                {"valid", verdict.holds()},
                {"verdict", verdict.trust}};
    const cp::UnixTime now = context_.clock().now();
    if (verdict.holds()) {
      record["message"] = "verified as of " + seconds_text(now) + (note.empty() ? "" : "; " + note);
      record["anchor"] = verdict.anchor;
      record["key"] = verdict.key;
      record["chain"] = verdict.chain;
    } else {
      record["reason"] = verdict.reason;
      record["message"] = verdict.message;
    }
    for (const Verdict::Head& head : verdict.heads) {
      record["heads"].push_back(
          {{"prefix", head.prefix}, {"seq", head.seq}, {"age_s", age_of(head).count()}});
    }
    record["as_of"] = seconds_text(now);
    return record;
  }

  std::chrono::seconds age_of(const Verdict::Head& head) const {
    return std::chrono::floor<std::chrono::seconds>(context_.clock().now() - head.issued);
  }

  void say_ages() const {
    for (const Verdict::Head& head : heads_) {
      context_.note("the newest head of prefix " + head.prefix + " is " +
                    cp::units::show_duration(age_of(head)) + " old");
    }
    if (heads_.empty()) {
      context_.note("no head is known: what was revoked does not show");
    }
  }

  Context& context_;
  Output& output_;
  bool only_bad_;
  cp::SteadyTime started_;
  std::uint64_t checked_ = 0;
  std::uint64_t failed_ = 0;
  std::vector<Verdict::Head> heads_;
};

// A root's own delegation that does not hold yet: it may be one that a newer one, which comes
// behind it, has taken the place of.
struct Held {
  Json document;
  Verdict verdict;
  std::size_t line = 0;
};

bool may_be_superseded(const Json& document, const Verdict& verdict) {
  return cp::model::is_a(document, "cp.delegation") && !verdict.holds() &&
         verdict.reason != "no_anchor" && verdict.reason != "unsigned" &&
         !cp::model::text_at(document, "parent");
}

// Judges HELD anew, the last one first, and reports them in their order.
Result<void> report_held(std::vector<Held>& held, Judge& judge, Report& report) {
  for (auto one = held.rbegin(); one != held.rend(); ++one) {
    CP_TRY_ASSIGN(Verdict again, judge.accept(one->document));
    if (again.holds()) {
      one->verdict = std::move(again);
    }
  }
  for (const Held& one : held) {
    report.add(one.document, one.verdict, one.line,
               one.verdict.is_superseded ? "a newer one has taken its place" : "");
  }
  held.clear();
  return {};
}

// The documents that CHAIN, a cp.chain, consists of: parents first.
std::vector<Json> parts_of_chain(const Json& chain) {
  std::vector<Json> parts;
  for (const char* name : {"delegations", "heads"}) {
    const Json* list = cp::model::find(chain, name);
    if (list != nullptr && list->is_array()) {
      parts.insert(parts.end(), list->begin(), list->end());
    }
  }
  return parts;
}

// Judges documents one after another, and remembers what holds.
class Verifying {
 public:
  Verifying(cp::identity::Estate& estate, Judge& judge, Report& report)
      : estate_(estate), judge_(judge), report_(report) {}

  /// LINE is the document as it was read, where it was read as one line.
  Result<void> take(const Json& document, std::string_view line, std::size_t number) {
    if (cp::model::is_a(document, "cp.error")) {
      report_.pass_on(document);
      return {};
    }
    if (cp::model::is_a(document, "cp.chain")) {
      for (const Json& part : parts_of_chain(document)) {
        CP_TRY(judge(part, {}, number));
      }
      return {};
    }
    return judge(document, line, number);
  }

  Result<void> finish(Context& context) {
    CP_TRY(report_held(held_, judge_, report_));
    CP_TRY_ASSIGN(const std::size_t forgotten, judge_.forget_unused());
    if (forgotten > 0) {
      context.note(
          fmt::format("{} delegations that no record here stands on are not kept", forgotten));
    }
    return {};
  }

 private:
  static constexpr auto kMostHeld =
      static_cast<std::size_t>(cp::identity::TrustStore::kMaxSuccession);

  Result<void> judge(const Json& document, std::string_view line, std::size_t number) {
    CP_TRY_ASSIGN(const Verdict verdict, judge_.accept(document, line));
    if (may_be_superseded(document, verdict) && held_.size() < kMostHeld) {
      held_.push_back({document, verdict, number});
      return {};
    }
    std::string note = verdict.is_superseded ? "a newer one has taken its place" : "";
    if (verdict.holds() && !verdict.is_superseded && cp::model::is_a(document, "cp.delegation")) {
      CP_TRY_ASSIGN(
          note, cp::identity::why_not_the_label(estate_.trust, judge_, document, verdict.anchor));
    }
    CP_TRY(report_held(held_, judge_, report_));
    report_.add(document, verdict, number, note);
    return {};
  }

  cp::identity::Estate& estate_;
  Judge& judge_;
  Report& report_;
  std::vector<Held> held_;
};

// Reads documents and remembers what holds, many in a transaction. What comes before a line that
// cannot be read is remembered, too, since it was printed.
Result<void> verify_all(Context& context, cp::identity::Estate& estate, Judge& judge,
                        Report& report) {
  // A transaction's pages stay in memory, as far as this goes, and are written once.
  CP_TRY(estate.database.execute("PRAGMA cache_size = -32768"));
  Verifying verifying(estate, judge, report);
  auto reader = context.open_documents(context.arguments().operands());
  while (true) {
    CP_TRY_ASSIGN(auto transaction, Transaction::begin(estate.database));
    for (std::size_t count = 0; count < kDocumentsPerTransaction; ++count) {
      const auto document = reader.next();
      if (!document || !*document) {
        CP_TRY(verifying.finish(context));
        CP_TRY(transaction.commit());
        return document ? Result<void>() : tl::unexpected<cp::Error>(document.error());
      }
      CP_TRY(verifying.take(**document, reader.line(), reader.origin().line));
    }
    CP_TRY(transaction.commit());
  }
}

}  // namespace

Result<int> verify(Context& context) {
  CP_TRY_ASSIGN(const auto estate, open_estate(context));
  Judge judge(estate->trust, context.clock(),
              {.max_head_age = context.arguments().duration("max-head-age"), .is_reader = true});
  Report report(context);
  CP_TRY(verify_all(context, *estate, judge, report));
  return report.finish();
}

}  // namespace cpid
