// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The keys of a session (SECURITY §10). Both ends derive them by HKDF-SHA256 (RFC 5869), with a
/// length before each field, so that no two sets of fields are one text.
namespace cp::transfer {

/// The keys that chunks and credits are sealed with, at one end of one rail; empty: clear text.
struct Sealing {
  std::string sends;
  std::string receives;
};

/// What is derived for one rail.
struct RailKeys {
  /// What the client presents: a token that finds the session, and proof that it has its key.
  std::string claim;
  std::string answer;    ///< the server's proof, before anything else that it sends
  std::string upward;    ///< AES-256 key from the client to the server; empty: clear text
  std::string downward;  ///< the same from the server to the client

  Sealing of_client() const { return {upward, downward}; }
  Sealing of_server() const { return {downward, upward}; }
};

/// What both ends of a session know.
struct SessionSecret {
  std::string binding;  ///< of the connection that they talk over (the exporter of TLS), or ""
  std::string client;   ///< that end's random share
  std::string server;
  std::string transfer;     ///< its id
  std::uint64_t epoch = 1;  ///< one more with each connection of the transfer
  bool sealed = false;      ///< chunks are encrypted
};

/// The keys of as many rails as there are TOKENS, by which they are found; the first has the number
/// FIRST in its session.
std::vector<RailKeys> derive_rail_keys(const SessionSecret& secret,
                                       const std::vector<std::string>& tokens,
                                       std::uint64_t first = 0);

/// Whether A and B are the same; takes as long wherever they differ.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace cp::transfer
