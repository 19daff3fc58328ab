// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"
#include "base/text.hpp"
#include "block_reader.hpp"
#include "identity/suggest.hpp"
#include "model/document.hpp"
#include "model/json_reader.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <fcntl.h>

namespace cpid {
namespace {

using cp::Result;
using cp::cli::Context;
using cp::cli::Output;
using cp::identity::Flaw;
using cp::identity::Identifier;
using cp::model::Json;

constexpr std::array kCheckColumnsWithSuggestion{
    cp::cli::Column{"INPUT", "input"},
    cp::cli::Column{"LINE", "line", cp::cli::Show::count},
    cp::cli::Column{"VALID", "valid"},
    cp::cli::Column{"REASON", "reason|verdict"},
    cp::cli::Column{"MESSAGE", "message|id"},
    cp::cli::Column{"DID YOU MEAN", "suggestions.0", cp::cli::Show::id},
};
constexpr std::span kCheckColumns = std::span(kCheckColumnsWithSuggestion).first<5>();

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

// What a mistyped code may have been: those that were allocated here first, if there is a registry.
class Suggester {
 public:
  explicit Suggester(Context& context) : registry_(open_registry(context)) {}

  Json for_text(std::string_view text) const {
    std::vector<Identifier> found = cp::identity::suggestions(text);
    if (registry_) {
      std::stable_partition(found.begin(), found.end(), [this](const Identifier& id) {
        return registry_->is_allocated(id).value_or(false);
      });
    }
    Json list = Json::array();
    for (const Identifier& id : found) {
      list.push_back(id.text());
    }
    return list;
  }

 private:
  Result<cp::identity::Registry> registry_;
};

// Counts verdicts and prints those that were asked for.
class Verdicts {
 public:
  explicit Verdicts(Context& context)
      : suggester_(context.arguments().has("suggest") ? std::make_unique<Suggester>(context)
                                                      : nullptr),
        output_(context.output(suggester_
                                   ? std::span<const cp::cli::Column>(kCheckColumnsWithSuggestion)
                                   : kCheckColumns)),
        all_(context.arguments().has("all")),
        clock_(context.clock()),
        started_(clock_.steady()) {}

  // LINE is that of the input, 0 for an operand.
  void judge(std::string_view text, std::size_t line) {
    ++checked_;
    const Flaw flaw = cp::identity::flaw_in(text);
    if (flaw != Flaw::none) {
      refuse(cp::model::text_value(text), line, name_of(flaw), sentence_of(flaw),
             suggester_ ? suggester_->for_text(text) : Json());
    } else if (all_) {
      accept(text, line);
    }
  }

  // A document that names no identifier.
  void refuse_document(const Json& document, std::size_t line) {
    ++checked_;
    refuse(cp::model::to_line(document).substr(0, 200), line, "no_id",
           "the document names no identifier", Json());
  }

  // One that another tool could not give: it goes on unchanged.
  void pass_on(const Json& document) { output_.record(document); }

  int finish() {
    const std::uint64_t valid = checked_ - failed_;
    const std::chrono::duration<double> took = clock_.steady() - started_;
    if (output_.form() == Output::Form::table) {
      output_.line(fmt::format("{} checked, {} valid, {} bad", checked_, valid, failed_));
    } else {
      output_.record({{"schema", "cp.check/1"},
                      {"summary",
                       {{"checked", checked_},
                        {"valid", valid},
                        {"failed", failed_},
                        {"duration_s", took.count()}}}});
    }
    return failed_ == 0 ? 0 : 1;
  }

 private:
  static Json verdict(Json input, std::size_t line, bool valid) {
    Json record{{"schema", "cp.check/1"}, {"input", std::move(input)}};
    if (line > 0) {
      record["line"] = line;
    }
    record["valid"] = valid;
    return record;
  }

  void refuse(Json input, std::size_t line, std::string_view reason, std::string_view message,
              Json suggestions) {
    ++failed_;
    Json record = verdict(std::move(input), line, false);
    record["reason"] = reason;
    record["message"] = message;
    if (!suggestions.is_null()) {
      record["suggestions"] = std::move(suggestions);
    }
    output_.record(record);
  }

  void accept(std::string_view text, std::size_t line) {
    Json record = verdict(text, line, true);
    record["id"] = Identifier::parse(text).value().text();
    record["verdict"] = "well_formed";
    output_.record(record);
  }

  std::unique_ptr<Suggester> suggester_;  // null when nobody asked
  Output& output_;
  bool all_;
  const cp::Clock& clock_;
  cp::SteadyTime started_;
  std::uint64_t checked_ = 0;
  std::uint64_t failed_ = 0;
};

// Blanks around an identifier are not part of it, and empty lines are none.
void judge_line(Verdicts& verdicts, std::string_view line, std::size_t number) {
  while (!line.empty() && is_blank(line.back())) {
    line.remove_suffix(1);
  }
  while (!line.empty() && is_blank(line.front())) {
    line.remove_prefix(1);
  }
  if (!line.empty()) {
    verdicts.judge(line, number);
  }
}

Result<void> judge_lines(Verdicts& verdicts, BlockReader& reader) {
  std::size_t number = 0;
  while (true) {
    CP_TRY_ASSIGN(const std::string_view block, reader.next());
    if (block.empty()) {
      return {};
    }
    const char* at = block.data();
    const char* const end = at + block.size();
    while (at != end) {
      const auto* newline =
          static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
      const char* const stop = newline == nullptr ? end : newline;
      judge_line(verdicts, {at, static_cast<std::size_t>(stop - at)}, ++number);
      at = newline == nullptr ? end : newline + 1;
    }
  }
}

void judge_document(Verdicts& verdicts, const Json& document, std::size_t line) {
  if (cp::model::is_a(document, "cp.error") || cp::model::is_a(document, "cp.answer")) {
    verdicts.pass_on(document);
    return;
  }
  const auto* field = cp::model::is_a(document, "cp.offer") ? "resource" : "id";
  const auto text = document.is_string() ? std::optional(document.get<std::string>())
                                         : cp::model::text_at(document, field);
  if (text) {
    verdicts.judge(*text, line);
  } else {
    verdicts.refuse_document(document, line);
  }
}

Result<void> judge_documents(Verdicts& verdicts, std::string_view beginning) {
  cp::model::JsonReader reader("standard input", cp::UniqueFd(::fcntl(0, F_DUPFD_CLOEXEC, 3)),
                               std::string(beginning));
  while (true) {
    CP_TRY_ASSIGN(const auto document, reader.next());
    if (!document) {
      return {};
    }
    judge_document(verdicts, *document, reader.origin().line);
  }
}

// Lines begin with an identifier, JSON with a bracket or a quotation mark.
bool is_json(std::string_view beginning) {
  const auto first = beginning.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos &&
         std::string_view("{[\"").find(beginning[first]) != std::string_view::npos;
}

Result<void> judge_standard_input(Verdicts& verdicts, const Context& context) {
  if (context.terminal().input_is_terminal) {
    context.note("reading from the terminal; end with Ctrl-D");
  }
  BlockReader reader(0, "standard input");
  CP_TRY_ASSIGN(const std::string_view beginning, reader.peek());
  return is_json(beginning) ? judge_documents(verdicts, beginning) : judge_lines(verdicts, reader);
}

Result<int> check_ledger(Context& context) {
  CP_TRY_ASSIGN(const auto registry, open_registry(context));
  const auto audit = registry.audit();
  Json record{{"schema", "cp.check/1"},
              {"input", "the ledger of prefix " + registry.prefix()},
              {"valid", audit.has_value()}};
  if (audit) {
    record["verdict"] = "verified";
    record["message"] =
        fmt::format("{} entries, {} identifiers, {}", audit->entries, audit->codes, audit->hash);
  } else if (audit.error().code == cp::Errc::bad_data) {
    record["reason"] = "broken";
    record["message"] = audit.error().message;
  } else {
    return tl::unexpected<cp::Error>(audit.error());
  }
  record["as_of"] = cp::format_time(context.clock().now());
  context.output(kCheckColumns).record(record);
  return audit ? 0 : 1;
}

}  // namespace

Result<int> check(Context& context) {
  const cp::cli::Arguments& given = context.arguments();
  if (given.has("ledger")) {
    return check_ledger(context);
  }
  Verdicts verdicts(context);
  for (const std::string& text : given.operands()) {
    if (text == "-") {
      CP_TRY(judge_standard_input(verdicts, context));
    } else {
      verdicts.judge(text, 0);
    }
  }
  if (given.operands().empty()) {
    CP_TRY(judge_standard_input(verdicts, context));
  }
  return verdicts.finish();
}

}  // namespace cpid
