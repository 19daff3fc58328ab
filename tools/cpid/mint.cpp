// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"
#include "identifier_record.hpp"
#include "tool.hpp"

namespace cpid {

using cp::Result;
using cp::cli::Output;
using cp::identity::Registry;

namespace {

// A minute of work and some GB of ledger: more is a slip of the finger.
constexpr std::int64_t kMostAtOnce = 100'000'000;

}  // namespace

Result<int> mint(cp::cli::Context& context) {
  const cp::cli::Arguments& given = context.arguments();
  const std::int64_t count = *given.integer("count");
  if (count < 1 || count > kMostAtOnce) {
    return cp::fail(cp::Errc::usage, "--count is 1 to {}", kMostAtOnce);
  }
  CP_TRY_ASSIGN(auto registry, open_registry(context));
  Output& output = context.output(kIdentifierColumns);
  // Printed only once durable: this is called after each batch's commit.
  const auto minted = [&](std::span<const std::string> codes) -> Result<void> {
    for (const std::string& code : codes) {
      print_allocated(output, code, registry.thumbprint());
    }
    return output.flush();
  };
  CP_TRY(
      registry.mint(static_cast<std::uint64_t>(count),
                    static_cast<std::size_t>(*given.integer("length")), context.random(), minted,
                    given.has("sequential") ? Registry::Serials::next : Registry::Serials::random));
  return 0;
}

}  // namespace cpid
