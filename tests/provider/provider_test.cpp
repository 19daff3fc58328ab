// SPDX-License-Identifier: Apache-2.0
#include "provider/provider.hpp"

#include "provider/launcher.hpp"
#include "provider/table.hpp"

#include "catch.hpp"
#include <algorithm>

using cp::provider::find_launcher_type;
using cp::provider::parse_provider_url;
using cp::provider::provider_types;

TEST_CASE("what is no provider's URL is refused") {
  for (const auto* const text : {"", ":", "1x:", "Local:", "-o:", "a b:", "local:\n", "local:\x80",
                                 "local:a b", "//host", "/path", "user@host"}) {
    INFO(text);
    const auto url = parse_provider_url(text);
    REQUIRE_FALSE(url);
    CHECK(url.error().code == cp::Errc::usage);
  }
}

TEST_CASE("a bare type is its default URL") {
  CHECK(parse_provider_url("local")->to_string() == "local:");
  CHECK(*parse_provider_url("slurm") == *parse_provider_url("slurm:"));
  const auto url = parse_provider_url("slurm+ssh://login.example");
  REQUIRE(url);
  CHECK(url->type == "slurm+ssh");
  CHECK(url->rest == "//login.example");
}

TEST_CASE("a type that is not in the table is unavailable and says which there are") {
  const auto type = find_launcher_type(*parse_provider_url("nosuch:"));
  REQUIRE_FALSE(type);
  CHECK(type.error().code == cp::Errc::unavailable);
  CHECK(type.error().hint.find("local") != std::string::npos);
}

TEST_CASE("each type stands in the table once, under a name that a URL can have") {
  for (const auto& type : provider_types()) {
    CHECK(std::ranges::count(provider_types(), type.name, &cp::provider::ProviderType::name) == 1);
    CHECK(parse_provider_url(type.name)->type == type.name);
    CHECK((type.make_launcher != nullptr || type.make_catalog != nullptr));
  }
}

TEST_CASE("what acts on this machine is known by its type, whether it is in the table or not") {
  using cp::provider::acts_on_this_machine;
  for (const auto* const url : {"local:", "local", "slurm:", "exec:mine", "gridengine:", "file:/x",
                                "slurmrestd+unix:///run/x", "/bin/sh", "./x"}) {
    CHECK(acts_on_this_machine(url));
  }
  for (const auto* const url : {"slurm+ssh://host", "ssh://host", "tes+https://host/", ""}) {
    CHECK_FALSE(acts_on_this_machine(url));
  }
}

TEST_CASE("a role that a type does not play is unavailable") {
  CHECK(find_launcher_type(*parse_provider_url("exec:x")).error().code == cp::Errc::unavailable);
  const cp::SystemClock clock;
  const auto catalog = [&](const char* url) {
    return cp::provider::make_catalog(*parse_provider_url(url), {.clock = &clock});
  };
  CHECK(catalog("arc:x").error().code == cp::Errc::unavailable);
  for (const auto* const url : {"local:x", "exec:", "exec:../x", "slurm://host", "slurm:x",
                                "slurm+ssh:", "slurm+ssh://-x"}) {
    CHECK(catalog(url).error().code == cp::Errc::usage);
  }
  CHECK(catalog("slurm+ssh://login.example"));
}

TEST_CASE("a token is a file name without surprises") {
  CHECK(cp::provider::is_token("cp-01jdabcdef_7-1"));
  for (const auto* const text : {"", ".", "..", "a/b", "a.b", "A", "-x", "a b", "ä"}) {
    INFO(text);
    CHECK_FALSE(cp::provider::is_token(text));
  }
  CHECK_FALSE(cp::provider::is_token(std::string(65, 'a')));
}
