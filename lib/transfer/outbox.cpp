// SPDX-License-Identifier: Apache-2.0
#include "transfer/outbox.hpp"

namespace cp::transfer {
namespace {

constexpr std::size_t kMostItems = 4096;

}  // namespace

Outbox::Outbox(Control& control) : control_(control) {
  thread_ = std::thread([this] { work(); });
}

Outbox::~Outbox() { close(); }

void Outbox::put(MessageType type, std::string body) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return items_.size() < kMostItems || is_broken_; });
  if (!is_broken_) {
    items_.emplace_back(type, std::move(body));
    changed_.notify_all();
  }
}

bool Outbox::is_empty() {
  const std::scoped_lock lock(mutex_);
  return items_.empty();
}

void Outbox::close() {
  {
    const std::scoped_lock lock(mutex_);
    is_closed_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Outbox::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return !items_.empty() || is_closed_; });
    if (items_.empty()) {
      return;
    }
    const Item item = std::move(items_.front());
    lock.unlock();
    const bool is_sent = control_.send(item.first, item.second).has_value();
    lock.lock();
    items_.pop_front();
    if (!is_sent) {
      is_broken_ = true;
      items_.clear();
    }
    changed_.notify_all();
  }
}

}  // namespace cp::transfer
