// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"
#include "authority_columns.hpp"
#include "identity/delegation.hpp"
#include "identity/ending.hpp"
#include "identity/proof.hpp"
#include "model/json.hpp"
#include "passphrase.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <map>
#include <memory>

namespace cpid {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::identity::PrivateKey;
using cp::model::Json;

constexpr std::array kSignColumns{
    cp::cli::Column{"DOCUMENT", "id|prefix", cp::cli::Show::id},
    cp::cli::Column{"SCHEMA", "schema"},
    cp::cli::Column{"SEQ", "seq", cp::cli::Show::count},
    cp::cli::Column{"SIGNED BY", "proof.key|proof.0.key", cp::cli::Show::id},
};

// What a signature needs to be good for something.
Result<std::string_view> use_in(const Json& document) {
  const std::string schema = cp::model::text_at(document, "schema").value_or("");
  const std::string_view use = cp::identity::use_of(schema);
  if (use.empty() || schema == "cp.token/1") {
    return cp::fail(Errc::bad_data, "{} is signed by nobody",
                    schema.empty() ? "a document without schema" : schema);
  }
  if (!cp::model::int_at(document, "seq")) {
    return cp::fail(Errc::bad_data, "the {} has no seq", schema);
  }
  return use;
}

// The file's key, or those of the authority here for what it has a say in; each is opened once.
class Keys {
 public:
  explicit Keys(Context& context) : context_(context) {}

  Result<const PrivateKey*> find(const Json& document, std::string_view use) {
    const auto file = context_.arguments().text("key");
    if (!file && !estate_) {
      CP_TRY_ASSIGN(estate_, open_estate(context_));
    }
    if (!file) {
      CP_TRY(cp::identity::check_say(*estate_, document));
    }
    const std::string name(file ? "" : use);
    auto known = keys_.find(name);
    if (known == keys_.end()) {
      auto key = file ? PrivateKey::load(*file, passphrases(context_)) : estate_->key_for(use);
      if (!key) {
        return tl::unexpected<cp::Error>(std::move(key).error());
      }
      known = keys_.emplace(name, *std::move(key)).first;
    }
    return &known->second;
  }

 private:
  Context& context_;
  std::unique_ptr<cp::identity::Estate> estate_;
  std::map<std::string, PrivateKey, std::less<>> keys_;
};

}  // namespace

Result<int> sign(Context& context) {
  auto reader = context.open_documents(context.arguments().operands());
  auto& output = context.output(kSignColumns);
  Keys keys(context);
  for (std::size_t count = 0;; ++count) {
    CP_TRY_ASSIGN(auto document, reader.next());
    if (!document) {
      return count > 0 ? Result<int>(0)
                       : cp::fail(Errc::bad_data, "there is no document in the input");
    }
    CP_TRY_ASSIGN(const std::string_view use, use_in(*document));
    CP_TRY_ASSIGN(const PrivateKey* const key, keys.find(*document, use));
    CP_TRY_ASSIGN(const Json done,
                  context.arguments().has("add")
                      ? cp::identity::countersign_document(*std::move(document), *key)
                      : cp::identity::sign_document(*std::move(document), *key));
    output.record(done);
  }
}

}  // namespace cpid
