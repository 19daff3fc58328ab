// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/control.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace cp::transfer {

/// Messages that go out in their order on a thread of their own, so that whoever has something to
/// say need not wait for the peer. Safe on any thread.
class Outbox {
 public:
  /// Borrows CONTROL.
  explicit Outbox(Control& control);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Puts MESSAGE in, waiting while thousands are there. Once the connection is gone it is dropped.
  template <class T>
  void put(const T& message) {
    put(T::type, encode(message));
  }
  void put(MessageType type, std::string body);
  /// Whether everything is on its way.
  bool is_empty();
  /// Sends what is left, and ends.
  void close();

 private:
  using Item = std::pair<MessageType, std::string>;

  void work();

  Control& control_;
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  std::deque<Item> items_;
  bool is_closed_ = false;
  bool is_broken_ = false;
  std::thread thread_;
};

}  // namespace cp::transfer
