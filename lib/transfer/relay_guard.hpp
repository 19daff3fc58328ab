// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/agreement.hpp"

#include <string>
#include <string_view>

namespace cp::transfer {

/// Holds what a deputy says to the server on the other host to what its caller has ordered: that
/// server has all rights of the user there, and the deputy's host is to get no more of them than
/// this transfer. What the deputy wants is replaced by the wish, but for what only it can know.
class RelayGuard {
 public:
  /// For a deputy that may ask for WISH.
  explicit RelayGuard(Open wish) : wish_(std::move(wish)) {}

  /// What goes on to the server, now that the deputy has said BYTES; it may be nothing yet.
  /// protocol for what is not the beginning of a client's talk.
  Result<std::string> pass(std::string_view bytes);

 private:
  enum class Stage { preface, hello, open, free };

  Result<bool> pass_one(std::string& out);
  Result<bool> pass_message(std::string& out);
  Result<std::string> replaced(std::string_view body) const;

  Open wish_;
  Stage stage_ = Stage::preface;
  std::string held_;
};

}  // namespace cp::transfer
