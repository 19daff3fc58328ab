// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/landing.hpp"
#include "transfer/source.hpp"

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace cp::transfer {

/// What stands where the items of a tree would land. Safe on any thread.
class Counterpart {
 public:
  /// SHOWN: how the destination is called in messages. Of what STOP interrupts nothing is known.
  Counterpart(Landing landing, std::string shown, const std::stop_token& stop);
  ~Counterpart();
  Counterpart(const Counterpart&) = delete;
  Counterpart& operator=(const Counterpart&) = delete;

  /// Begins to read the counterpart of ENTRY, a large file that is summed elsewhere meanwhile, on a
  /// thread of its own; a few at a time, and of more nothing.
  void begin(const Entry& entry);

  /// An error says how the counterpart of ENTRY, whose sum (SumSink) is SUM, is another.
  Result<void> check(const Entry& entry, const std::string& sum);

  bool was_stopped() const { return ended_.stop_requested(); }

 private:
  Result<std::string> sum_of(const Entry& entry) const;
  std::optional<Result<std::string>> take_begun(const Entry& entry);

  /// Of one file and of one size.
  using Begun = std::map<std::pair<std::string, std::uint64_t>, std::future<Result<std::string>>>;

  const Landing landing_;
  const Source destination_;
  std::stop_source ended_;
  std::stop_callback<std::function<void()>> forward_;
  std::mutex mutex_;
  Begun begun_;  ///< guarded; last, so that what it runs has all else
};

}  // namespace cp::transfer
