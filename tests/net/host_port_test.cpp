// SPDX-License-Identifier: Apache-2.0
#include "net/host_port.hpp"

#include "catch.hpp"

using cp::Errc;
using cp::net::HostPort;
using cp::net::parse_host_port;

TEST_CASE("what is no host and port is refused") {
  for (const char* text :
       {"", ":7032", "-oProxyCommand=x", "a b", "a/b", "user@host", "host:", "host:x", "host:65536",
        "host:-1", "[::1", "[::1]7032", "[host]:", "::1:x", "höst", "a\nb", "[]:1"}) {
    INFO(text);
    const auto host = parse_host_port(text, 1);
    REQUIRE_FALSE(host);
    CHECK(host.error().code == Errc::usage);
  }
  CHECK_FALSE(parse_host_port(std::string(254, 'a'), 1));
}

TEST_CASE("a host has its own port or the fallback") {
  CHECK(*parse_host_port("dtn1.example:862", 7032) == HostPort{"dtn1.example", 862});
  CHECK(*parse_host_port("dtn1.example", 7032) == HostPort{"dtn1.example", 7032});
  CHECK(*parse_host_port("127.0.0.1:0", 7032) == HostPort{"127.0.0.1", 0});
  CHECK(*parse_host_port("[::1]:862", 7032) == HostPort{"::1", 862});
  CHECK(*parse_host_port("[::1]", 7032) == HostPort{"::1", 7032});
  CHECK(*parse_host_port("::1", 7032) == HostPort{"::1", 7032});
  CHECK(HostPort{"::1", 862}.to_string() == "[::1]:862");
  CHECK(HostPort{"a", 862}.to_string() == "a:862");
}

TEST_CASE("a literal address is resolved without asking anybody") {
  const auto found = cp::net::resolve({"127.0.0.1", 862});
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK(found->front().to_string() == "127.0.0.1:862");
}

TEST_CASE("localhost is a loopback address") {
  const auto found = cp::net::resolve({"localhost", 862});
  REQUIRE(found);
  CHECK(found->front().address.is_loopback());
  CHECK(found->front().port == 862);
}
