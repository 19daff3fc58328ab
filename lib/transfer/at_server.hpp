// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "transfer/endpoint.hpp"

namespace cp::transfer {

/// RESULT; its error with the server that it happened at.
template <class T>
Result<T> at_server(const Location& server, Result<T> result) {
  if (result) {
    return result;
  }
  Error error = std::move(result).error();
  error.message = fmt::format("{}: {}", server.server(), error.message);
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace cp::transfer
