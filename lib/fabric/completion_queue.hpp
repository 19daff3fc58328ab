// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/completion.hpp"
#include "fabric/handles.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace cp::fabric {

/// What has become of an endpoint's operations, each known by its number; for the files of
/// lib/fabric alone. Reading it is what moves anything.
class CompletionQueue {
 public:
  /// A queue of DOMAIN, which can be waited on where that is wanted and the provider has a way to.
  static Result<CompletionQueue> open(const Library& library, fid_domain& domain,
                                      bool wants_wait = true);
  explicit CompletionQueue(Handle<fid_cq> queue, bool waits)
      : queue_(std::move(queue)), waits_(waits) {}

  fid_cq& get() const { return *queue_; }
  /// From now on the peer may write; before, a word of that is an error.
  void expect_writes() { expects_writes_ = true; }
  /// Makes the numbers below OPERATIONS usable.
  void number(std::size_t operations) { contexts_.assign(operations, fi_context2{}); }
  /// What an operation is posted with, so that its completion bears its number.
  void* context(std::size_t operation) { return &contexts_[operation]; }

  /// The next completion, or nullopt when there is none yet. timed_out when one failed, since then
  /// the endpoint is of no more use.
  Result<std::optional<Completion>> read();
  /// As `read`, after waiting for PATIENCE at most, without spinning.
  Result<std::optional<Completion>> wait(std::chrono::milliseconds patience);
  /// Moves what is on its way, and leaves the completions; false when one failed.
  bool progress();

 private:
  Result<std::optional<Completion>> take(long count, const fi_cq_data_entry& entry) const;

  Handle<fid_cq> queue_;
  std::vector<fi_context2> contexts_;
  bool waits_;
  bool expects_writes_ = false;
};

/// What is said of an endpoint that is of no more use: timed_out.
tl::unexpected<Error> cut();

}  // namespace cp::fabric
