// SPDX-License-Identifier: Apache-2.0
#include "identity/asking.hpp"

namespace cp::identity {

Asker::Asker(MakeClient make, const Clock& clock, const std::stop_token& stop)
    : make_(std::move(make)), clock_(clock), on_stop_(stop, [this] { end_.request_stop(); }) {}

Asker::~Asker() {
  end_.request_stop();
  threads_.clear();
}

void Asker::ask(Station station) {
  const int number = ++last_;
  threads_.emplace(number, [this, number, station = std::move(station)]() mutable {
    auto bootstrap = make_()->bootstrap(station.urls.front(), end_.get_token());
    const std::scoped_lock lock(mutex_);
    answers_.push_back({number, Answer{std::move(station), std::move(bootstrap), clock_.steady()}});
    changed_.notify_one();
  });
}

Asker::Answer Asker::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !answers_.empty(); });
  auto [number, answer] = std::move(answers_.front());
  answers_.pop_front();
  lock.unlock();
  threads_.erase(number);
  return std::move(answer);
}

}  // namespace cp::identity
