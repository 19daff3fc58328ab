// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "identity/token.hpp"
#include "store/database.hpp"
#include "transfer/rail.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the bearer of a cp.token may do at a server of files.
namespace cp::transfer {

/// The claims of a token that holds; denied for one that does not. Safe on any thread.
using JudgeToken = std::function<Result<identity::Token>(std::string_view compact)>;

/// One grant of one token, for one session.
struct Permit {
  std::string token;  ///< its id
  std::string grant;  ///< which of it, as text
  std::optional<std::uint64_t> bytes;
  std::int64_t expires = 0;  ///< seconds since 1970
};

/// The first grant of TOKEN to OP ("read", "write") that covers all of PATHS; denied without one.
Result<Permit> permit_of(const identity::Token& token, std::string_view op,
                         const std::vector<std::string>& paths);

/// How many bytes have gone over each grant, of all sessions and also after a restart: what is
/// reserved is written down before it is spent. Safe on any thread.
class Spending {
 public:
  static Result<std::unique_ptr<Spending>> open(const std::string& path);
  explicit Spending(store::Database database) : database_(std::move(database)) {}

  /// Reserves up to WANTED bytes of PERMIT, which has a limit; how many there were.
  Result<std::uint64_t> reserve(const Permit& permit, std::uint64_t wanted);
  /// Gives back BYTES of it that were not needed.
  Result<void> give_back(const Permit& permit, std::uint64_t bytes);

 private:
  std::mutex mutex_;
  store::Database database_;
};

/// Counts what one session moves against its permit. Safe on any thread; borrows what it is given.
class Meter {
 public:
  Meter(Permit permit, Spending& spending, const Clock& clock)
      : permit_(std::move(permit)), spending_(spending), clock_(clock) {}
  ~Meter();
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  /// denied when BYTES are more than what is left, or the token has expired.
  Result<void> spend(std::uint64_t bytes);

 private:
  const Permit permit_;
  Spending& spending_;
  const Clock& clock_;
  std::mutex mutex_;
  std::uint64_t reserved_ = 0;
};

/// STREAMS whose chunks METER counts.
std::vector<std::unique_ptr<ChunkReceiver>> metered(
    std::vector<std::unique_ptr<ChunkReceiver>> streams, Meter& meter);
std::vector<std::unique_ptr<ChunkSender>> metered(std::vector<std::unique_ptr<ChunkSender>> streams,
                                                  Meter& meter);

}  // namespace cp::transfer
