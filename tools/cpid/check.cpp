// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "cli/context.hpp"
#include "identity/identifier.hpp"
#include "model/json.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstring>
#include <fcntl.h>

namespace cpid {
namespace {

using cp::Errc;
using cp::fail;
using cp::Result;
using cp::cli::Column;
using cp::cli::Context;
using cp::cli::Output;
using cp::cli::Show;
using cp::identity::Flaw;
using cp::identity::Identifier;
using cp::model::Json;

constexpr std::array kColumns{Column{"CODE", "input"}, Column{"VALID", "valid", Show::verdict},
                              Column{"REASON", "message"}};
constexpr std::size_t kBufferBytes = 1U << 20U;

// Counts codes and prints the verdicts that are wanted. The hot path, a right code that nobody
// wants to see, allocates nothing.
class Checker {
 public:
  Checker(Output& out, bool prints_all) : out_(out), prints_all_(prints_all) {}

  void check(std::string_view code, std::size_t line) {
    ++checked_;
    const Flaw flaw = cp::identity::flaw_in(code);
    failed_ += flaw == Flaw::none ? 0U : 1U;
    if (flaw != Flaw::none || prints_all_) {
      print(code, flaw, line);
    }
  }

  int finish() {
    out_.line(fmt::format("{} checked, {} wrong", checked_, failed_));
    if (out_.form() == Output::Form::ndjson) {
      out_.record({{"schema", "cp.check/1"},
                   {"summary",
                    {{"checked", checked_}, {"valid", checked_ - failed_}, {"failed", failed_}}}});
    }
    return failed_ == 0 ? 0 : 1;
  }

 private:
  void print(std::string_view code, Flaw flaw, std::size_t line) {
    Json record{{"schema", "cp.check/1"},
                {"input", cp::model::text_value(code)},
                {"valid", flaw == Flaw::none}};
    if (line > 0) {
      record["line"] = line;
    }
    if (flaw == Flaw::none) {
      record["id"] = Identifier::parse(code)->text();
      record["verdict"] = "well_formed";
    } else {
      record["reason"] = cp::identity::name_of(flaw);
      record["message"] = cp::identity::sentence_of(flaw);
    }
    out_.record(record);
  }

  Output& out_;
  bool prints_all_;
  std::uint64_t checked_ = 0;
  std::uint64_t failed_ = 0;
};

// Checks standard input line by line, BUFFER being what was read of it already.
Result<void> check_lines(Checker& checker, std::string buffer) {
  std::size_t held = buffer.size();
  std::size_t line = 1;
  buffer.resize(std::max(held, kBufferBytes));
  const auto check_line = [&](std::string_view text) {
    text = cp::text::trim(text);
    if (!text.empty()) {
      checker.check(text, line);
    }
    ++line;
  };
  while (true) {
    const char* at = buffer.data();
    const char* const end = buffer.data() + held;
    while (const void* newline = std::memchr(at, '\n', static_cast<std::size_t>(end - at))) {
      const char* const stop = static_cast<const char*>(newline);
      check_line({at, static_cast<std::size_t>(stop - at)});
      at = stop + 1;
    }
    held = static_cast<std::size_t>(end - at);
    if (held == buffer.size()) {
      return fail(Errc::bad_data, "standard input:{}: a line is longer than {} bytes", line, held);
    }
    std::memmove(buffer.data(), at, held);
    auto count = cp::read_some(0, std::span(buffer).subspan(held));
    if (!count) {
      return fail(Errc::io, "cannot read standard input: {}", count.error().message);
    }
    if (*count == 0) {
      if (held > 0) {
        check_line({buffer.data(), held});
      }
      return {};
    }
    held += *count;
  }
}

Result<void> check_documents(Checker& checker, std::string read_already) {
  cp::model::JsonReader reader("standard input", cp::UniqueFd(::fcntl(0, F_DUPFD_CLOEXEC, 3)),
                               std::move(read_already));
  while (true) {
    CP_TRY_ASSIGN(const auto document, reader.next());
    if (!document) {
      return {};
    }
    const auto code =
        document->is_string() ? document->get<std::string>() : cp::model::text_at(*document, "id");
    if (!code) {
      return fail(Errc::bad_data, "{}:{}: the document has no \"id\"", reader.origin().name,
                  reader.origin().line);
    }
    checker.check(*code, reader.origin().line);
  }
}

Result<void> check_input(Checker& checker) {
  std::string start(kBufferBytes, '\0');
  std::size_t held = 0;
  std::size_t first = std::string::npos;
  // The first byte that is no blank tells JSON from plain lines.
  while (first == std::string::npos && held < start.size()) {
    auto count = cp::read_some(0, std::span(start).subspan(held));
    if (!count) {
      return fail(Errc::io, "cannot read standard input: {}", count.error().message);
    }
    if (*count == 0) {
      break;
    }
    held += *count;
    first = std::string_view(start).substr(0, held).find_first_not_of(" \t\r\n");
  }
  start.resize(held);
  const bool is_json = first != std::string::npos &&
                       std::string_view("{[\"").find(start[first]) != std::string_view::npos;
  return is_json ? check_documents(checker, std::move(start))
                 : check_lines(checker, std::move(start));
}

}  // namespace

Result<int> check(Context& context) {
  Checker checker(context.output(kColumns), context.arguments().has("all"));
  for (const std::string& code : context.arguments().operands()) {
    checker.check(code, 0);
  }
  if (context.arguments().operands().empty()) {
    if (context.terminal().input_is_terminal) {
      context.note("reading codes from the terminal; end with Ctrl-D");
    }
    CP_TRY(check_input(checker));
  }
  return checker.finish();
}

}  // namespace cpid
