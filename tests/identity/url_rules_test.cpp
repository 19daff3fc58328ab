// SPDX-License-Identifier: Apache-2.0
#include "identity/url_rules.hpp"

#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <string>

using namespace cp::identity;
using cp::Errc;
using cp::model::Json;

namespace {

bool is_refused(const std::string& url) {
  const std::string urls[] = {"https://good.example/", url};
  const auto given = check_registry_urls(urls);
  const auto asked = check_asked_registries({{"registries", {"https://good.example/", url}}});
  INFO(url);
  CHECK(given.has_value() == asked.has_value());
  CHECK((given || given.error().code == Errc::usage));
  CHECK((asked || asked.error().code == Errc::bad_data));
  return !given;
}

}  // namespace

TEST_CASE("what nobody could ask, or shows a password, is no registry's URL") {
  for (const char* url :
       {"", "x", "ftp://x/", "file:///etc/passwd", "javascript:alert(1)", "https://", "https:///x",
        "https://user:word@x/", "https://x/?query", "https://x/#part", "https://x:0/",
        "https://x/\x1b[31m", "https://x /", "https://-x/", "http://x.example/", "http://10.0.0.1/",
        "http://localhost.example/", "http://0.0.0.0/"}) {
    CHECK(is_refused(url));
  }
}

TEST_CASE("a registry is asked by TLS, or on this machine") {
  for (const char* url : {"https://x.example", "HTTPS://X.example:7030/a/b", "https://10.0.0.1/",
                          "http://127.0.0.1:7030/", "http://[::1]:7030/", "http://localhost:1"}) {
    CHECK_FALSE(is_refused(url));
  }
}

TEST_CASE("who asks for no registries, asks for none that is bad") {
  CHECK(check_asked_registries(Json::object()));
  CHECK(check_asked_registries({{"registries", Json::array()}}));
  CHECK(check_asked_registries({{"registries", "https://x/"}}).error().code == Errc::bad_data);
  CHECK(check_asked_registries({{"registries", {1}}}).error().code == Errc::bad_data);
}
