// SPDX-License-Identifier: Apache-2.0
#include "probe/survey.hpp"

#include "measured.hpp"

#include "catch.hpp"
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

using cp::Errc;
using cp::Result;
using cp::net::Endpoint;
using cp::net::HostPort;
using cp::net::IpAddress;
using cp::probe::Findings;
using cp::probe::Measurement;
using cp::probe::ProbeAccess;
using cp::test::measured;
using namespace std::chrono_literals;

namespace {

// A world in which resources, hosts and answers are what a test says, and which keeps count.
class Made : public cp::probe::Surroundings {
 public:
  std::map<std::string, ProbeAccess, std::less<>> resources;
  std::map<std::string, std::string> hosts;      // name -> address
  std::map<std::string, std::uint64_t> answers;  // URL -> packets answered of 100
  std::map<std::string, int> measured_urls;
  int resolved = 0;
  int loopback_runs = 0;
  std::atomic<int> running{0};
  std::atomic<int> most_running{0};

  Result<ProbeAccess> access_to(std::string_view name) override {
    ++resolved;
    const auto found = resources.find(name);
    if (found == resources.end()) {
      return cp::fail(Errc::not_found, "{}", name);
    }
    return found->second;
  }
  Result<std::vector<Endpoint>> addresses_of(const HostPort& host) override {
    const auto found = hosts.find(host.host);
    if (found == hosts.end()) {
      return cp::fail(Errc::not_found, "{}", host.host);
    }
    return std::vector<Endpoint>{{*IpAddress::parse(found->second), host.port}};
  }
  Result<Measurement> measure(const std::string& url, const Endpoint&) override {
    const int now = ++running;
    int most = most_running;
    while (now > most && !most_running.compare_exchange_weak(most, now)) {
    }
    {
      const std::lock_guard lock(mutex_);
      ++measured_urls[url];
    }
    std::this_thread::yield();
    --running;
    const auto found = answers.find(url);
    if (found == answers.end()) {
      return cp::fail(Errc::unavailable, "{}: no route", url);
    }
    return measured(url, 10ms, found->second);
  }
  Result<Measurement> measure_this_machine() override {
    CHECK(running == 0);
    ++loopback_runs;
    return measured("stamp://127.0.0.1:40000", 20us);
  }

 private:
  std::mutex mutex_;
};

ProbeAccess at(std::vector<HostPort> reflectors, bool is_own = false, bool is_here = false) {
  return {std::move(reflectors), is_own, is_here, ""};
}

Findings survey(Made& world, std::vector<std::string> names, std::size_t jobs = 4) {
  return cp::probe::survey(names, world, jobs);
}

}  // namespace

TEST_CASE("what cannot be measured says why") {
  Made world;
  world.resources["closed"] = {{}, false, false, "unsigned"};
  world.resources["nameless"] = at({{"no-such-host", 862}});
  world.resources["near"] = at({{"here", 862}});
  world.resources["many"] = at({{"everyone", 862}}, true);
  world.resources["cut-off"] = at({{"far", 862}});
  world.resources["silent"] = at({{"hole", 862}});
  world.hosts = {{"here", "127.0.0.1"},
                 {"everyone", "224.0.0.1"},
                 {"far", "192.0.2.1"},
                 {"hole", "192.0.2.2"}};
  world.answers["stamp://hole:862"] = 0;
  const Findings findings =
      survey(world, {"closed", "unknown", "nameless", "near", "many", "cut-off", "silent"});
  CHECK(findings.at("closed").reason == "unsigned");
  CHECK(findings.at("unknown").reason == "unresolved");
  CHECK(findings.at("nameless").reason == "no_such_host");
  CHECK(findings.at("near").reason == "probe_access_refused");
  CHECK(findings.at("many").reason == "probe_access_refused");
  CHECK(findings.at("cut-off").reason == "unreachable");
  REQUIRE(findings.at("silent").measurement);
  CHECK(findings.at("silent").measurement->verdict.reasons.front() == "no_answer");
  CHECK(world.measured_urls ==
        std::map<std::string, int>{{"stamp://far:862", 1}, {"stamp://hole:862", 1}});
}

TEST_CASE("a resource is resolved once and a reflector measured once, however many name them") {
  Made world;
  world.hosts["dtn"] = "192.0.2.1";
  world.answers["stamp://dtn:862"] = 100;
  world.resources["a"] = world.resources["b"] = at({{"dtn", 862}});
  const Findings findings = survey(world, {"a", "b", "a", "a"});
  CHECK(world.resolved == 2);
  CHECK(world.measured_urls == std::map<std::string, int>{{"stamp://dtn:862", 1}});
  CHECK(findings.at("a").measurement);
  CHECK(findings.at("b").measurement);
}

TEST_CASE("what runs on this machine is measured over loopback, once and alone") {
  Made world;
  world.hosts["dtn"] = "192.0.2.1";
  world.answers["stamp://dtn:862"] = 100;
  world.resources["here"] = at({}, true, true);
  world.resources["here-too"] = at({}, true, true);
  world.resources["there"] = at({{"dtn", 862}});
  const Findings findings = survey(world, {"there", "here", "here-too"});
  CHECK(world.loopback_runs == 1);
  CHECK(findings.at("here").measurement->target == "stamp://127.0.0.1:40000");
  CHECK(findings.at("here-too").measurement);
  CHECK(findings.at("there").measurement->target == "stamp://dtn:862");
}

TEST_CASE("a reflector that answers goes before loopback, one that does not gives way to it") {
  Made world;
  world.hosts = {{"dtn", "192.0.2.1"}, {"hole", "192.0.2.2"}};
  world.answers = {{"stamp://dtn:862", 100}, {"stamp://hole:862", 0}};
  world.resources["a"] = at({{"dtn", 862}}, true, true);
  world.resources["b"] = at({{"hole", 862}}, true, true);
  const Findings findings = survey(world, {"a", "b"});
  CHECK(findings.at("a").measurement->target == "stamp://dtn:862");
  CHECK(findings.at("b").measurement->target == "stamp://127.0.0.1:40000");
}

TEST_CASE("of several reflectors the first that gives a valid result counts") {
  Made world;
  world.hosts = {{"hole", "192.0.2.2"}, {"dtn1", "192.0.2.3"}, {"dtn2", "192.0.2.4"}};
  world.answers = {{"stamp://hole:862", 0}, {"stamp://dtn1:862", 100}, {"stamp://dtn2:862", 100}};
  world.resources["a"] = at({{"hole", 862}, {"dtn1", 862}, {"dtn2", 862}});
  CHECK(survey(world, {"a"}).at("a").measurement->target == "stamp://dtn1:862");
}

TEST_CASE("a foreign record has no share in what our own authority has measured on loopback") {
  Made world;
  world.hosts["here"] = "127.0.0.1";
  world.answers["stamp://here:7032"] = 100;
  world.resources["own"] = at({{"here", 7032}}, true);
  world.resources["foreign"] = at({{"here", 7032}});
  const Findings findings = survey(world, {"foreign", "own"});
  CHECK(findings.at("own").measurement);
  CHECK_FALSE(findings.at("foreign").measurement);
  CHECK(findings.at("foreign").reason == "probe_access_refused");
}

TEST_CASE("one address is not flooded because many records name it, on whatever ports and names") {
  Made world;
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) {
    const std::string host = "victim" + std::to_string(i);
    world.hosts[host] = "192.0.2.9";
    world.answers["stamp://" + host + ":862"] = 100;
    names.push_back("r" + std::to_string(i));
    world.resources[names.back()] = at({{host, 862}});
  }
  const Findings findings = survey(world, names);
  CHECK(world.measured_urls.size() == cp::probe::kReflectorsPerAddress);
  std::size_t refused = 0;
  for (const auto& [name, finding] : findings) {
    refused += finding.reason == "probe_budget" ? 1U : 0U;
  }
  CHECK(refused == 100 - cp::probe::kReflectorsPerAddress);
}

TEST_CASE("no more reflectors are measured at a time than was asked for") {
  for (const std::size_t jobs : {0U, 1U, 3U}) {
    Made world;
    std::vector<std::string> names;
    for (int i = 0; i < 50; ++i) {
      const std::string host = "dtn" + std::to_string(i);
      world.hosts[host] = "192.0.2." + std::to_string(i + 1);
      world.answers["stamp://" + host + ":862"] = 100;
      names.push_back("r" + std::to_string(i));
      world.resources[names.back()] = at({{host, 862}});
    }
    const Findings findings = survey(world, names, jobs);
    CHECK(findings.size() == 50);
    CHECK(world.measured_urls.size() == 50);
    CHECK(static_cast<std::size_t>(world.most_running) <= std::max<std::size_t>(jobs, 1));
  }
}
