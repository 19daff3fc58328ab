// SPDX-License-Identifier: Apache-2.0
#include "market/registry_source.hpp"

#include "identity/registry.hpp"
#include "temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"

using cp::identity::Registry;
using cp::market::RegistrySource;
using cp::model::Json;

namespace {

class FakeMachine final : public cp::provider::Catalog {
 public:
  explicit FakeMachine(bool is_broken = false) : is_broken_(is_broken) {}
  cp::Result<std::vector<Json>> describe(std::stop_token /*stop*/) override {
    return std::vector<Json>{};
  }
  cp::Result<Json> state(const Json& /*record*/, std::stop_token /*stop*/) override {
    ++asked;
    if (is_broken_) {
      return cp::fail(cp::Errc::unavailable, "this machine does not tell its load");
    }
    return Json{{"schema", "cp.state/1"}, {"health", "ok"}};
  }
  int asked = 0;

 private:
  bool is_broken_;
};

class Authority {
 public:
  Authority() { REQUIRE(Registry::init(path(), "0", "test", clock, random)); }
  const std::string& path() const { return directory_.path(); }
  void add(Json record) {
    auto registry = Registry::open(path(), clock);
    REQUIRE(registry);
    record["schema"] = "cp.resource/1";
    const auto registered = registry->register_resource(std::move(record), random);
    INFO((registered ? "" : registered.error().message));
    REQUIRE(registered);
  }

  cp::SystemClock clock;
  cp::KernelRandom random;

 private:
  TemporaryDirectory directory_;
};

Json launches_at(std::string_view url) {
  return {{"kind", "node"}, {"access", Json::array({Json{{"role", "launch"}, {"url", url}}})}};
}

}  // namespace

TEST_CASE("where there is no registry there is no source") {
  const TemporaryDirectory directory;
  CHECK_FALSE(RegistrySource::exists(directory.path(), cp::SystemClock()));
  const Authority authority;
  CHECK(RegistrySource::exists(authority.path(), authority.clock));
}

TEST_CASE("a registry that cannot be read is an error of the source") {
  const TemporaryDirectory directory;
  const cp::SystemClock clock;
  FakeMachine machine;
  CHECK_FALSE(RegistrySource(directory.path(), clock, machine).perceive({}));
}

TEST_CASE("this machine is asked once, and only for records that stand for it") {
  Authority authority;
  authority.add(launches_at("local:"));
  authority.add(launches_at("local:"));
  authority.add(launches_at("slurm+ssh://login.example"));
  authority.add({{"kind", "storage"}});
  FakeMachine machine;
  RegistrySource source(authority.path(), authority.clock, machine);
  CHECK(source.name() == "registry:local");
  const auto perception = source.perceive({});
  REQUIRE(perception);
  REQUIRE(perception->resources.size() == 4);
  CHECK(machine.asked == 1);
  int here = 0;
  int runnable = 0;
  for (const auto& resource : perception->resources) {
    CHECK(resource.trust == "verified");
    here += resource.state.has_value() ? 1 : 0;
    runnable += resource.is_runnable ? 1 : 0;
  }
  CHECK(here == 2);
  CHECK(runnable == 3);
}

TEST_CASE("a machine that does not tell its load is a problem of its own, not the registry's") {
  Authority authority;
  authority.add(launches_at("local:"));
  FakeMachine machine(true);
  RegistrySource source(authority.path(), authority.clock, machine);
  const auto perception = source.perceive({});
  REQUIRE(perception);
  CHECK(perception->problem == "this machine does not tell its load");
  CHECK_FALSE(perception->resources.front().state);
}

TEST_CASE(
    "what another authority says to run on this machine is not runnable, whatever the launcher") {
  for (const char* url : {"slurm:", "exec:mine", "gridengine:", "slurmrestd+unix:///run/slurm"}) {
    Authority authority;
    authority.add(launches_at(url));
    FakeMachine machine;
    RegistrySource source(authority.path(), authority.clock, machine);
    // Its own authority may.
    CHECK(source.perceive({})->resources.front().is_runnable);
    CHECK(machine.asked == 0);
  }
}
