// SPDX-License-Identifier: Apache-2.0
#include "provider/provider.hpp"

#include <algorithm>
#include <array>

namespace cp::provider {
namespace {

bool is_type(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-';
  };
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z' && std::ranges::all_of(text, allowed);
}

}  // namespace

Result<ProviderUrl> parse_provider_url(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view type = text.substr(0, colon);
  const std::string_view rest =
      colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  const bool printable = std::ranges::all_of(rest, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!is_type(type) || !printable) {
    return fail(Errc::usage, "{} is not the URL of a provider", text);
  }
  return ProviderUrl{std::string(type), std::string(rest)};
}

bool acts_on_this_machine(std::string_view text) {
  constexpr std::array<std::string_view, 6> kHere{"local",           "exec",      "slurm", "file",
                                                  "slurmrestd+unix", "gridengine"};
  const std::string_view type = text.substr(0, text.find(':'));
  return text.starts_with('/') || text.starts_with('.') ||
         std::ranges::find(kHere, type) != kHere.end();
}

}  // namespace cp::provider
