// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/http_server.hpp"

#include "catch.hpp"
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

/// A registry that says whatever a test wants, over HTTP on a loopback address.
class FakeRegistry {
 public:
  struct Said {
    int status = 200;
    std::string body;
    cp::net::HttpFields headers;
  };

  FakeRegistry() {
    cp::net::HttpSettings settings;
    settings.listen = {cp::net::IpAddress::loopback(cp::net::Family::ipv4), 0};
    settings.threads = 1;
    auto opened = cp::net::HttpServer::open(
        settings, [this] { return std::make_unique<Handler>(*this); }, clock_,
        std::make_shared<cp::net::HttpCounts>());
    REQUIRE(opened);
    server_ = std::move(*opened);
    url_ = "http://" + server_->address().to_string() + "/";
    thread_ = std::jthread([this](const std::stop_token& stop) { (void)server_->run(stop); });
  }

  const std::string& url() const { return url_; }
  /// From now on it answers PATH ("v1/id/cp:86/1000-AB", decoded) so.
  void say(const std::string& path, Said said) {
    const std::scoped_lock lock(mutex_);
    said_[path] = std::move(said);
  }
  void say(const std::string& path, const std::string& body) { say(path, Said{200, body, {}}); }
  /// From now on its feed holds LINES, whatever entry it is asked from, and HEAD closes it. What
  /// was said of a path counts more.
  void say_feed(std::vector<std::string> lines, std::string head) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(said_, [](const auto& one) { return one.first.starts_with(kFeed); });
    lines_ = std::move(lines);
    lines_.push_back(std::move(head));
  }
  /// From now on CALL is told each path before it is answered, and may wait.
  void before_each(std::function<void(const std::string& path)> call) {
    const std::scoped_lock lock(mutex_);
    before_each_ = std::move(call);
  }
  /// The paths that were asked for so far, with "If-None-Match" behind a blank, and forgets them.
  std::vector<std::string> asked() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(asked_, {});
  }
  /// Nobody answers any more.
  void end() {
    thread_ = {};
    server_.reset();
  }

 private:
  class Handler final : public cp::net::HttpHandler {
   public:
    explicit Handler(FakeRegistry& owner) : owner_(owner) {}
    std::size_t body_limit(const cp::net::HttpRequest&) override { return 1'000'000; }
    cp::net::HttpReply answer(const cp::net::HttpRequest& request) override {
      return owner_.answer(request);
    }
    cp::net::HttpReply refuse(int status) override { return {status, {}, "{}", nullptr}; }

   private:
    FakeRegistry& owner_;
  };

  cp::net::HttpReply answer(const cp::net::HttpRequest& request) {
    std::string path;
    for (const std::string& part : request.path) {
      path += (path.empty() ? "" : "/") + part;
    }
    if (const std::string* since = request.parameter("since")) {
      path += "?since=" + *since;
    }
    const std::string* match = request.header("If-None-Match");
    wait_before(path);
    const std::scoped_lock lock(mutex_);
    asked_.push_back(path + (match == nullptr ? "" : " " + *match));
    const auto found = said_.find(path);
    if (found == said_.end() && path.starts_with(kFeed) && !lines_.empty()) {
      return {200, {}, feed_after(std::stoul(path.substr(kFeed.size()))), nullptr};
    }
    if (found == said_.end()) {
      return {404, {}, R"({"schema":"cp.error/1","message":"nothing"})", nullptr};
    }
    return {found->second.status, found->second.headers, found->second.body, nullptr};
  }

  void wait_before(const std::string& path) {
    std::unique_lock lock(mutex_);
    const auto call = before_each_;
    lock.unlock();
    if (call) {
      call(path);
    }
  }

  std::string feed_after(std::size_t since) const {
    std::string text;
    for (std::size_t at = std::min(since, lines_.size() - 1); at < lines_.size(); ++at) {
      text += lines_[at] + "\n";
    }
    return text;
  }

  static constexpr std::string_view kFeed = "v1/feed?since=";
  cp::SystemClock clock_;
  std::mutex mutex_;
  std::map<std::string, Said> said_;
  std::vector<std::string> asked_;
  std::function<void(const std::string& path)> before_each_;
  std::vector<std::string> lines_;  // of its feed, the head last
  std::string url_;
  std::unique_ptr<cp::net::HttpServer> server_;
  std::jthread thread_;
};
