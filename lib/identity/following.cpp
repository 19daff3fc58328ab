// SPDX-License-Identifier: Apache-2.0
#include "identity/following.hpp"

namespace cp::identity {

Followers::Followers(std::string state_directory, const Clock& clock, SyncRun& run, MakeClient make,
                     const std::stop_token& stop)
    : state_directory_(std::move(state_directory)),
      clock_(clock),
      run_(run),
      make_(std::move(make)),
      on_stop_(stop, [this] { end_.request_stop(); }) {}

Followers::~Followers() {
  end_.request_stop();
  threads_.clear();
}

void Followers::follow(Station station) {
  const int number = ++last_;
  threads_.emplace(number, [this, number, station = std::move(station)]() mutable {
    auto feeds = follow_all(station);
    const std::scoped_lock lock(mutex_);
    done_.push_back({number, {std::move(station), std::move(feeds)}});
    changed_.notify_one();
  });
}

Result<std::vector<Synced>> Followers::follow_all(const Station& station) const {
  KernelRandom random;
  CP_TRY_ASSIGN(const auto estate, Estate::open(state_directory_, clock_, random));
  CP_TRY_ASSIGN(auto store, ResolverStore::open(state_directory_));
  const auto client = make_();
  std::vector<Synced> feeds;
  for (const std::string& url : station.urls) {
    CP_TRY_ASSIGN(Synced synced,
                  sync_feed(*estate, store, *client, url, station.prefix, run_, end_.get_token()));
    feeds.push_back(std::move(synced));
    if (feeds.back().feed.status == "complete") {
      break;
    }
  }
  return feeds;
}

Followers::Followed Followers::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !done_.empty(); });
  auto [number, followed] = std::move(done_.front());
  done_.pop_front();
  lock.unlock();
  threads_.erase(number);
  return std::move(followed);
}

}  // namespace cp::identity
