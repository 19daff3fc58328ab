// SPDX-License-Identifier: Apache-2.0
#include "market/asking.hpp"

#include "catch.hpp"
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <thread>

using cp::Errc;
using cp::Result;
using cp::market::LiveSource;
using cp::market::Perception;
using namespace std::chrono_literals;

namespace {

class Fake final : public LiveSource {
 public:
  Fake(std::string name, std::optional<std::chrono::milliseconds> deadline, bool answers)
      : name_(std::move(name)), deadline_(deadline), answers_(answers) {}

  const std::string& name() const override { return name_; }
  std::optional<std::chrono::milliseconds> deadline() const override { return deadline_; }
  Result<Perception> perceive(std::stop_token stop) override {
    thread = std::this_thread::get_id();
    if (answers_) {
      Perception perception;
      perception.problem = name_;
      return perception;
    }
    // Says nothing until it is told to stop.
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait(lock, stop, [] { return false; });
    return cp::fail(Errc::unavailable, "was stopped");
  }

  std::thread::id thread;

 private:
  std::string name_;
  std::optional<std::chrono::milliseconds> deadline_;
  bool answers_;
};

std::vector<Result<Perception>> ask(std::vector<std::unique_ptr<Fake>>& fakes,
                                    std::stop_token stop = {}) {
  std::vector<LiveSource*> sources;
  for (const auto& fake : fakes) {
    sources.push_back(fake.get());
  }
  return ask_all(sources, std::move(stop));
}

}  // namespace

TEST_CASE("a source without memory to spare is one that cannot be asked, in a thread, too") {
  class Hungry final : public LiveSource {
   public:
    const std::string& name() const override { return name_; }
    std::optional<std::chrono::milliseconds> deadline() const override { return 60s; }
    Result<Perception> perceive(std::stop_token) override { throw std::bad_alloc(); }

   private:
    std::string name_ = "hungry";
  };
  Hungry hungry;
  Fake fine("fine", 60s, true);
  const std::vector<LiveSource*> sources{&hungry, &fine};
  const auto answers = ask_all(sources, {});
  REQUIRE_FALSE(answers[0]);
  CHECK(answers[0].error().code == Errc::timed_out);
  CHECK(answers[0].error().message == "the system has no memory to spare");
  CHECK(answers[1]);
}

TEST_CASE("a dead source delays the others no longer than its own deadline") {
  std::vector<std::unique_ptr<Fake>> fakes;
  fakes.push_back(std::make_unique<Fake>("dead", 100ms, false));
  fakes.push_back(std::make_unique<Fake>("here", std::nullopt, true));
  fakes.push_back(std::make_unique<Fake>("quick", 60s, true));
  const auto begin = std::chrono::steady_clock::now();
  const auto answers = ask(fakes);
  CHECK(std::chrono::steady_clock::now() - begin < 20s);
  REQUIRE(answers.size() == 3);
  REQUIRE_FALSE(answers[0]);
  CHECK(answers[0].error().code == Errc::timed_out);
  CHECK(answers[0].error().message == "timed out after 0.1 s");
  CHECK(answers[1]->problem == "here");
  CHECK(answers[2]->problem == "quick");
}

TEST_CASE("who shares things with others is asked in the caller's thread") {
  std::vector<std::unique_ptr<Fake>> fakes;
  fakes.push_back(std::make_unique<Fake>("here", std::nullopt, true));
  fakes.push_back(std::make_unique<Fake>("away", 10s, true));
  (void)ask(fakes);
  CHECK(fakes[0]->thread == std::this_thread::get_id());
  CHECK(fakes[1]->thread != std::this_thread::get_id());
}

TEST_CASE("more sources than there are threads are all asked") {
  std::vector<std::unique_ptr<Fake>> fakes;
  for (int i = 0; i < 1000; ++i) {
    fakes.push_back(std::make_unique<Fake>(std::to_string(i), 30s, true));
  }
  const auto answers = ask(fakes);
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(answers[static_cast<std::size_t>(i)]);
    CHECK(answers[static_cast<std::size_t>(i)]->problem == std::to_string(i));
  }
}

TEST_CASE("whoever asks may stop waiting") {
  std::vector<std::unique_ptr<Fake>> fakes;
  for (int i = 0; i < 300; ++i) {
    fakes.push_back(std::make_unique<Fake>(std::to_string(i), 1h, false));
  }
  std::stop_source stop;
  std::jthread interrupt([&] { stop.request_stop(); });
  for (const auto& answer : ask(fakes, stop.get_token())) {
    CHECK_FALSE(answer);
  }
}

TEST_CASE("nobody to ask is no error") { CHECK(cp::market::ask_all({}, {}).empty()); }
