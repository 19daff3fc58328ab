// SPDX-License-Identifier: Apache-2.0
#include "base/paths.hpp"

#include "temporary_directory.hpp"

#include "catch.hpp"
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <sys/stat.h>

namespace {

// The process's environment with VARIABLES as the only ones that paths depend on; put back at the
// end.
class Environment {
 public:
  explicit Environment(const std::map<std::string, std::string>& variables) {
    for (const char* name : kNames) {
      const char* old = std::getenv(name);
      before_[name] = old == nullptr ? std::nullopt : std::optional<std::string>(old);
      ::unsetenv(name);
    }
    for (const auto& [name, value] : variables) {
      ::setenv(name.c_str(), value.c_str(), 1);
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() {
    for (const auto& [name, value] : before_) {
      value ? ::setenv(name.c_str(), value->c_str(), 1) : ::unsetenv(name.c_str());
    }
  }

 private:
  static constexpr std::array kNames{"HOME", "CP_STATE_DIR", "XDG_STATE_HOME", "XDG_CACHE_HOME",
                                     "XDG_CONFIG_HOME"};
  std::map<std::string, std::optional<std::string>> before_;
};

cp::Paths paths_with(const std::map<std::string, std::string>& variables) {
  const Environment environment(variables);
  const auto paths = cp::paths_from_environment();
  REQUIRE(paths);
  return *paths;
}

}  // namespace

TEST_CASE("a state directory that is not absolute is refused, not replaced by another") {
  for (const char* value : {"relative", "./here", ""}) {
    const Environment environment({{"HOME", "/h"}, {"CP_STATE_DIR", value}});
    const auto paths = cp::paths_from_environment();
    CAPTURE(value);
    REQUIRE_FALSE(paths);
    CHECK(paths.error().code == cp::Errc::bad_config);
  }
}

TEST_CASE("paths follow the XDG base directories") {
  const cp::Paths home = paths_with({{"HOME", "/h"}});
  CHECK(home.state == "/h/.local/state/cptools");
  CHECK(home.cache == "/h/.cache/cptools");
  CHECK(home.config == "/h/.config/cptools");
  const cp::Paths own = paths_with({{"HOME", "/h"},
                                    {"XDG_STATE_HOME", "/s"},
                                    {"XDG_CACHE_HOME", "/c/"},
                                    {"XDG_CONFIG_HOME", "/k"}});
  CHECK(own.state == "/s/cptools");
  CHECK(own.cache == "/c/cptools");
  CHECK(own.config == "/k/cptools");
  CHECK(paths_with({{"HOME", "/h"}, {"XDG_STATE_HOME", "rel"}}).state == "/h/.local/state/cptools");
  CHECK(paths_with({{"HOME", "/h"}, {"XDG_STATE_HOME", ""}}).state == "/h/.local/state/cptools");
  CHECK(paths_with({{"HOME", "/h"}, {"XDG_STATE_HOME", "/s"}, {"CP_STATE_DIR", "/d"}}).state ==
        "/d");
  CHECK(paths_with({}).state.starts_with('/'));  // from the password file
}

TEST_CASE("a state directory is ours alone or not used") {
  const TemporaryDirectory directory;
  const cp::Paths paths{directory.path() + "/a/b", {}, {}};
  REQUIRE(cp::open_state_directory(paths) == paths.state);
  struct stat status {};
  REQUIRE(::stat(paths.state.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0700);
  for (const mode_t mode : {0777U, 0755U, 0750U, 0701U}) {
    ::chmod(paths.state.c_str(), mode);
    const auto opened = cp::open_state_directory(paths);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == cp::Errc::bad_config);
    CHECK(opened.error().hint.find("CP_STATE_DIR") != std::string::npos);
  }
}
