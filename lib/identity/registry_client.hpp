// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "net/http_client.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace cp::identity {

/// What a registry has answered about a name. Nothing of it is believed.
struct RegistryReply {
  enum class Kind : std::uint8_t {
    record,     ///< `document` is it
    unchanged,  ///< it is as it was asked for
    none,       ///< there is no such name
    gone,       ///< it has ended; `document` is its last record, or null
    referral,   ///< `registries` know; `document` is the delegation of `prefix`, or null
    conflict,   ///< `document` is what it says about two that claim the name
  };
  Kind kind = Kind::none;
  nlohmann::ordered_json document;
  std::string prefix;
  std::vector<std::string> registries;
  std::optional<std::chrono::seconds> max_age;  ///< how long it counts, in its own words
};

/// URL as registries are named: an https:// (or http://) URL without a query that ends in a slash;
/// usage for any other.
Result<std::string> registry_url(std::string_view url);

/// The questions that a registry answers over HTTP. For one thread.
class RegistryClient {
 public:
  RegistryClient(net::HttpClient::Settings settings, std::chrono::milliseconds patience)
      : client_(std::move(settings)), patience_(patience) {}

  /// Shows TOKEN to the registry at BASE with every question, and to nobody else: not to those of
  /// another origin that a referral leads to.
  void introduce(const std::string& base, std::string token);

  /// What the registry at BASE says at PATH ("v1/id/…"); SEQ: unless it is that version still.
  /// Errors as HttpClient::ask, and protocol for an answer that is none.
  Result<RegistryReply> ask(const std::string& base, const std::string& path,
                            std::optional<std::int64_t> seq, std::stop_token stop);

  /// The cp.bootstrap/1 of the registry at BASE.
  Result<nlohmann::ordered_json> bootstrap(const std::string& base, std::stop_token stop);

  /// The cp.chain/1 of PREFIX as the registry at BASE knows it; not_found when it does not.
  Result<nlohmann::ordered_json> chain(const std::string& base, const std::string& prefix,
                                       std::stop_token stop);

  /// The entries after SINCE, line by line, to EACH. A line with more than limits::document_bytes
  /// is no entry: EACH gets what has come of it, and nothing after it (protocol).
  Result<void> feed(const std::string& base, std::int64_t since, std::size_t limit,
                    const std::function<Result<void>(std::string_view line)>& each,
                    std::stop_token stop);

  /// Puts the signed DOCUMENT at PATH with TOKEN; denied and its kin as the registry says.
  Result<void> put(const std::string& base, const std::string& path, const std::string& document,
                   const std::string& token, std::stop_token stop);

 private:
  net::HttpCall question(std::string url) const;
  Result<nlohmann::ordered_json> document(const std::string& base, const std::string& path,
                                          std::string_view kind, std::stop_token stop);

  net::HttpClient client_;
  std::chrono::milliseconds patience_;
  std::string known_to_;  // the origin that `token_` is for
  std::string token_;
};

}  // namespace cp::identity
