// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"
#include "authority_columns.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "identity/issuing.hpp"
#include "identity/revoking.hpp"
#include "model/json.hpp"
#include "times.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <sys/stat.h>
#include <unistd.h>

namespace cpid {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::identity::Estate;
using cp::identity::Token;
using cp::model::Json;
using cp::store::Transaction;

constexpr std::array kIssuedColumns{
    cp::cli::Column{"TOKEN", "token", cp::cli::Show::id},
};
constexpr std::array kTokenColumns{
    cp::cli::Column{"ID", "jti", cp::cli::Show::id},
    cp::cli::Column{"SUBJECT", "sub"},
    cp::cli::Column{"FOR", "aud"},
    cp::cli::Column{"OP", "grants.0.op"},
    cp::cli::Column{"STATUS", "status", cp::cli::Show::verdict},
};
constexpr std::array kCheckedColumns{
    cp::cli::Column{"ID", "jti", cp::cli::Show::id},
    cp::cli::Column{"SUBJECT", "sub"},
    cp::cli::Column{"ISSUER", "iss"},
    cp::cli::Column{"OP", "grants.0.op"},
};

Result<std::string> wanted_text(const Context& context, std::string_view flag,
                                std::string_view what) {
  const auto text = context.arguments().text(flag);
  return text ? Result<std::string>(*text)
              : cp::fail(Errc::usage, "token {} wants --{}", context.arguments().operands().front(),
                         what);
}

Result<Token> wanted_token(const Context& context) {
  Token token;
  CP_TRY_ASSIGN(token.subject, wanted_text(context, "subject", "subject and whom it is for"));
  CP_TRY_ASSIGN(token.audience,
                wanted_text(context, "audience", "audience and the code of the server"));
  for (const std::string& text : context.arguments().texts("grant")) {
    auto grant = cp::identity::parse_grant(text);
    if (!grant) {
      return context.arguments().blame(
          "grant", {Errc::usage, "--grant " + text + ": " + grant.error().message, ""});
    }
    token.grants.push_back(*std::move(grant));
  }
  if (token.grants.empty()) {
    return cp::fail(Errc::usage, "token issue wants --grant and what it allows");
  }
  CP_TRY_ASSIGN(const auto end, end_of_validity(context));
  const cp::UnixTime until = end.value_or(context.clock().now() + std::chrono::days(1));
  token.expires = cp::unix_milliseconds(until) / 1'000;
  return token;
}

// A token is a secret: in a file that is ours alone, or on standard output, where it was asked for.
Result<int> issue(Context& context, Estate& estate) {
  CP_TRY_ASSIGN(Token token, wanted_token(context));
  const auto& words = context.arguments().operands();
  if (words.size() == 2 && ::access(words[1].c_str(), F_OK) == 0) {
    return cp::fail(Errc::cannot_create, "{} is there already", words[1]);
  }
  CP_TRY_ASSIGN(auto transaction, Transaction::begin(estate.database));
  CP_TRY_ASSIGN(const std::string compact, cp::identity::issue_token(estate, token));
  CP_TRY(transaction.commit());
  Json record = to_json(token);
  if (words.size() == 1) {
    ::umask(077);  // of the file that --output names
    record["token"] = compact;
    context.output(kIssuedColumns).record(record);
    return 0;
  }
  const std::string& path = words[1];
  CP_TRY_ASSIGN(cp::AtomicFile file, cp::AtomicFile::create(path, 0600));
  CP_TRY(file.write(compact + "\n"));
  CP_TRY(file.commit_new());
  context.output(kTokenColumns).record(record);
  return 0;
}

Result<int> list_tokens(Context& context, Estate& estate) {
  cp::cli::Output& output = context.output(kTokenColumns);
  CP_TRY(
      cp::identity::for_each_token(estate, [&](const cp::identity::Issued& issued) -> Result<void> {
        Json record = to_json(issued.token);
        record["status"] = issued.status;
        output.record(record);
        return {};
      }));
  return 0;
}

// Other machines learn it from the head.
Result<int> revoke_issued(Context& context, Estate& estate, const std::string& jti) {
  const std::string why = context.arguments().text("why").value_or("revoked");
  CP_TRY_ASSIGN(auto transaction, Transaction::begin(estate.database));
  CP_TRY(cp::identity::revoke_token(estate, jti, why));
  CP_TRY_ASSIGN(const Json made, cp::identity::make_head(estate, std::chrono::days(7)));
  CP_TRY(transaction.commit());
  context.output(kHeadColumns).record(made);
  return 0;
}

Result<int> check_token(Context& context, Estate& estate, const std::string& path) {
  CP_TRY_ASSIGN(const std::string audience,
                wanted_text(context, "audience", "audience and the code of the server"));
  CP_TRY_ASSIGN(const std::string text,
                cp::read_trusted_file(path, cp::limits::key_file_bytes, true));
  cp::identity::TokenJudge judge(estate.judge, estate.trust, context.clock(), audience);
  auto token = judge.check(cp::text::trim(text));
  if (!token) {
    const auto& error = token.error();
    return cp::fail(error.code, "{}: {}{}{}{}", path, error.message, error.hint.empty() ? "" : " (",
                    error.hint, error.hint.empty() ? "" : ")");
  }
  context.output(kCheckedColumns).record(to_json(*token));
  return 0;
}

}  // namespace

Result<int> token(Context& context) {
  const auto& words = context.arguments().operands();
  const std::string& action = words.front();
  const bool needs_word = action == "revoke" || action == "check";
  if (!needs_word && action != "issue" && action != "list") {
    return cp::fail(Errc::usage, "token: '{}' is none of issue, list, revoke, check", action);
  }
  if ((needs_word && words.size() != 2) || (action == "list" && words.size() != 1)) {
    return cp::fail(Errc::usage, "token {} takes {}", action,
                    action == "revoke"  ? "the ID of a token"
                    : action == "check" ? "the FILE of a token"
                                        : "no more words");
  }
  CP_TRY_ASSIGN(const auto estate, open_estate(context));
  return action == "issue"    ? issue(context, *estate)
         : action == "list"   ? list_tokens(context, *estate)
         : action == "revoke" ? revoke_issued(context, *estate, words[1])
                              : check_token(context, *estate, words[1]);
}

}  // namespace cpid
