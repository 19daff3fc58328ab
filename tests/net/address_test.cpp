// SPDX-License-Identifier: Apache-2.0
#include "net/address.hpp"

#include "catch.hpp"

using cp::Errc;
using cp::net::Endpoint;
using cp::net::IpAddress;
using cp::net::Network;

TEST_CASE("an address that is none is refused") {
  for (const char* text :
       {"", "localhost", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1 ", "::g", "[::1]",
        "1:2:3:4:5:6:7:8:9", "10.0.0.1%lo", "fe80::1%no-such-interface", "fe80::1%"}) {
    INFO(text);
    const auto address = IpAddress::parse(text);
    REQUIRE_FALSE(address);
    CHECK(address.error().code == Errc::usage);
  }
  CHECK_FALSE(IpAddress::parse(std::string_view("::1\0x", 5)));
}

TEST_CASE("an address prints in its canonical form") {
  CHECK(IpAddress::parse("127.0.0.1")->to_string() == "127.0.0.1");
  CHECK(IpAddress::parse("2001:DB8:0:0:0:0:0:1")->to_string() == "2001:db8::1");
  CHECK(Endpoint{*IpAddress::parse("10.1.2.3"), 862}.to_string() == "10.1.2.3:862");
  CHECK(Endpoint{*IpAddress::parse("::1"), 7032}.to_string() == "[::1]:7032");
}

TEST_CASE("an IPv4-mapped address is the IPv4 address") {
  const auto mapped = IpAddress::parse("::ffff:10.0.0.1");
  REQUIRE(mapped);
  CHECK(*mapped == *IpAddress::parse("10.0.0.1"));
}

TEST_CASE("loopback, multicast and unspecified addresses are known") {
  CHECK(IpAddress::parse("127.1.2.3")->is_loopback());
  CHECK(IpAddress::parse("::1")->is_loopback());
  CHECK(IpAddress::parse("::ffff:127.0.0.1")->is_loopback());
  CHECK_FALSE(IpAddress::parse("128.0.0.1")->is_loopback());
  CHECK_FALSE(IpAddress::parse("::")->is_loopback());
  CHECK(IpAddress::parse("239.1.1.1")->is_multicast());
  CHECK(IpAddress::parse("ff02::1")->is_multicast());
  CHECK_FALSE(IpAddress::parse("240.0.0.1")->is_multicast());
  CHECK(IpAddress::parse("0.0.0.0")->is_unspecified());
  CHECK(IpAddress::parse("::")->is_unspecified());
  CHECK_FALSE(IpAddress::parse("::1")->is_unspecified());
}

TEST_CASE("a network that is none is refused") {
  for (const char* text : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1", "::/129",
                           "example/8", "10.0.0.1/8", "10.128.0.0/8", "fd00::1/8"}) {
    INFO(text);
    CHECK_FALSE(Network::parse(text));
  }
  CHECK(Network::parse("10.0.0.1/8").error().hint == "write 10.0.0.0/8");
}

TEST_CASE("a network contains exactly the addresses of its prefix") {
  struct Case {
    const char* network;
    const char* address;
    bool inside;
  };
  for (const Case& c :
       {Case{"10.0.0.0/8", "10.255.255.255", true}, Case{"10.0.0.0/8", "11.0.0.0", false},
        Case{"10.0.0.0/9", "10.128.0.0", false}, Case{"10.0.0.0/9", "10.127.0.1", true},
        Case{"192.0.2.7", "192.0.2.7", true}, Case{"192.0.2.7", "192.0.2.6", false},
        Case{"0.0.0.0/0", "203.0.113.9", true}, Case{"0.0.0.0/0", "::1", false},
        Case{"::/0", "203.0.113.9", false}, Case{"fd00::/8", "fdff::1", true},
        Case{"fd00::/8", "fe00::1", false}, Case{"2001:db8::/33", "2001:db8:8000::", false},
        Case{"10.0.0.0/8", "::ffff:10.0.0.1", true}}) {
    INFO(c.network << " " << c.address);
    CHECK(Network::parse(c.network)->contains(*IpAddress::parse(c.address)) == c.inside);
  }
}
