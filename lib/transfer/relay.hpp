// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "net/stream.hpp"
#include "transfer/control.hpp"
#include "transfer/deputy_message.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace cp::transfer {

/// The deputy's connection to the other host of a transfer between two: its caller carries what is
/// said over it to and fro. Data never goes this way.
class Relay {
 public:
  /// Borrows CONTROL, the connection with the caller.
  static Result<std::unique_ptr<Relay>> make(Control& control);
  /// What `make` made; use that.
  Relay(Control& control, UniqueFd inner, UniqueFd outer);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// The client's end of the connection, once; unavailable after that.
  Result<std::unique_ptr<net::Stream>> take_stream();
  /// Hands on what came from the other host, waiting until the client takes it. For one thread.
  void deliver(const Relayed& relayed);
  /// Nothing more comes and nothing more goes. On any thread.
  void close();
  /// What the caller knows about why the connection ended.
  std::optional<Error> last_words() const;

  /// Remembers that no stream gets to the other host, and tells it again.
  void note_no_way() { has_no_way_ = true; }
  bool has_no_way() const { return has_no_way_; }

 private:
  void carry_out_bytes();

  Control& control_;
  UniqueFd inner_;
  UniqueFd outer_;
  std::atomic<bool> has_no_way_{false};
  mutable std::mutex mutex_;  ///< guards what follows
  std::optional<Error> last_words_;
  std::thread thread_;
};

}  // namespace cp::transfer
