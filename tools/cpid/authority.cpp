// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"

#include "authority_columns.hpp"
#include "passphrase.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

namespace cpid {

using cp::Result;
using cp::identity::Registry;

namespace {

// The state directory, as far as it is there.
Result<std::string> state_directory(cp::cli::Context& context) {
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  // A command that only looks makes no directory.
  std::string directory = paths.state;
  if (::access(directory.c_str(), F_OK) == 0) {
    CP_TRY_ASSIGN(directory, cp::open_state_directory(paths));
  }
  return directory;
}

}  // namespace

Result<Registry> open_registry(cp::cli::Context& context) {
  CP_TRY_ASSIGN(const std::string directory, state_directory(context));
  return Registry::open(directory, context.clock());
}

Result<std::unique_ptr<cp::identity::Estate>> open_estate(cp::cli::Context& context) {
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  CP_TRY_ASSIGN(const std::string directory, cp::open_state_directory(paths));
  return cp::identity::Estate::open(directory, context.clock(), context.random(),
                                    passphrases(context));
}

void print_own_delegation(cp::cli::Context& context, const cp::model::Json& made) {
  context.output(kDelegationColumns).record(made);
  if (made.contains("parent")) {
    context.note("this is the request to prefix " + made["parent"].get<std::string>() +
                 "; cpid accept takes what it answers");
  }
}

Result<std::vector<cp::model::Json>> read_documents(cp::cli::Context& context,
                                                    std::span<const std::string> files) {
  constexpr std::size_t kMost = 10'000;
  auto reader = context.open_documents(files);
  std::vector<cp::model::Json> documents;
  while (true) {
    CP_TRY_ASSIGN(auto document, reader.next());
    if (!document && documents.empty()) {
      return cp::fail(cp::Errc::bad_data, "there is no document in the input");
    }
    if (!document) {
      return documents;
    }
    if (documents.size() == kMost) {
      return cp::fail(cp::Errc::bad_data, "there are more than {} documents", kMost);
    }
    documents.push_back(*std::move(document));
  }
}

std::vector<std::string> complete(cp::cli::Context& context, std::string_view kind) {
  if (kind != "alias") {
    return {};
  }
  const auto registry = open_registry(context);
  return registry ? registry->aliases("").value_or(std::vector<std::string>{})
                  : std::vector<std::string>{};
}

}  // namespace cpid
