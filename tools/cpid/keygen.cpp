// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "identity/delegation.hpp"
#include "identity/key.hpp"
#include "passphrase.hpp"
#include "tool.hpp"
#include "uses.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace cpid {
namespace {

constexpr std::array kKeygenColumns{
    cp::cli::Column{"THUMBPRINT", "thumbprint", cp::cli::Show::id},
    cp::cli::Column{"KEY", "x", cp::cli::Show::id},
    cp::cli::Column{"FOR", "for.0"},
};

}  // namespace

cp::Result<std::vector<std::string>> uses_of(const cp::cli::Context& context) {
  std::vector<std::string> uses;
  for (const std::string& words : context.arguments().texts("for")) {
    for (const std::string_view word : cp::text::split(words, ',')) {
      if (!cp::identity::is_use(word)) {
        return cp::fail(cp::Errc::usage,
                        "--for: '{}' is none of delegate, record, state, head, token", word);
      }
      uses.emplace_back(word);
    }
  }
  return uses;
}

cp::Result<int> keygen(cp::cli::Context& context) {
  CP_TRY_ASSIGN(const auto uses, uses_of(context));
  CP_TRY_ASSIGN(const std::string passphrase, new_passphrase(context));
  const auto key = cp::identity::PrivateKey::generate(context.random());
  const std::string& file = context.arguments().operands().front();
  if (const auto saved = key.save_new(file, passphrase); !saved) {
    return cp::fail(cp::Errc::cannot_create, "{}: {}", file, saved.error().message);
  }
  const cp::identity::PublicKey shown = key.public_key();
  cp::model::Json record{{"schema", "cp.key/1"}};
  record.update(shown.jwk());
  record["for"] = uses;
  record["thumbprint"] = shown.thumbprint();
  context.output(kKeygenColumns).record(record);
  return 0;
}

}  // namespace cpid
