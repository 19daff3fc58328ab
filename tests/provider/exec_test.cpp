// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "base/limits.hpp"
#include "model/json.hpp"
#include "provider/exec/program.hpp"
#include "temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <sys/stat.h>

using cp::Errc;
using cp::provider::exec::call;
using cp::provider::exec::find_program;
using cp::provider::exec::Program;
using cp::provider::exec::SearchPath;
using namespace std::chrono_literals;

namespace {

class Programs {
 public:
  // A program of that name with BODY behind #!/bin/sh.
  std::string put(const std::string& folder, const std::string& name, const std::string& body,
                  mode_t mode = 0755) const {
    const std::string path = directory(folder) + "/cp-provider-" + name;
    REQUIRE(cp::make_directories(directory(folder), 0755));
    REQUIRE(cp::write_file(path, "#!/bin/sh\n" + body + "\n", mode));
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    return path;
  }
  std::string directory(const std::string& folder) const {
    return directory_.path() + "/" + folder;
  }
  SearchPath where() const {
    return {directory("libexec"), directory("data"), "relative:" + directory("bin")};
  }
  cp::Result<cp::provider::exec::Answer> run(const std::string& body, std::string_view input = "",
                                             std::chrono::nanoseconds patience = 20s) const {
    return call({"exec:it", put("bin", "it", body), patience}, "catalog", input, {});
  }

 private:
  TemporaryDirectory directory_;
};

}  // namespace

TEST_CASE("a name that could leave its directory names no program") {
  const Programs programs;
  for (const std::string_view name : {"", "..", "a/b", "../a", "-a", "A", "a b", "a.sh", "ä"}) {
    CAPTURE(name);
    CHECK(find_program(name, programs.where()).error().code == Errc::usage);
  }
}

TEST_CASE("the first program is taken, and none that is another's or that others may write") {
  const Programs programs;
  CHECK(find_program("a", programs.where()).error().code == Errc::not_found);
  programs.put("relative", "a", "exit 0");
  CHECK_FALSE(find_program("a", programs.where()));
  const std::string in_path = programs.put("bin", "a", "exit 0");
  CHECK(find_program("a", programs.where()) == in_path);
  const std::string own = programs.put("data", "a", "exit 0");
  CHECK(find_program("a", programs.where()) == own);
  programs.put("libexec", "a", "exit 0", 0644);
  CHECK(find_program("a", programs.where()) == own);
  for (const mode_t mode : {0777U, 0775U, 0757U}) {
    CAPTURE(mode);
    const std::string open = programs.put("libexec", "a", "exit 0", mode);
    const auto found = find_program("a", programs.where());
    REQUIRE_FALSE(found);
    CHECK(found.error().code == Errc::bad_config);
    CHECK(found.error().hint == "chmod go-w " + open);
  }
  const std::string foreign = programs.put("libexec", "a", "exit 0", 0755);
  if (::geteuid() == 0) {
    REQUIRE(::chown(foreign.c_str(), 1, 1) == 0);
    CHECK(find_program("a", programs.where()).error().code == Errc::bad_config);
  }
}

TEST_CASE("a program gets its verb and input, and its lines are read") {
  const Programs programs;
  const auto answer = programs.run(R"(printf '{"verb":"%s"}\n\n' "$1"; cat)", "{\"a\":1}\n");
  REQUIRE(answer);
  REQUIRE(answer->values.size() == 2);
  CHECK(answer->values[0]["verb"] == "catalog");
  CHECK(answer->values[1]["a"] == 1);
  CHECK(answer->useless == 0);
}

TEST_CASE("lines that hold nothing are counted, and the others kept") {
  const Programs programs;
  const auto answer = programs.run(R"(printf '{"a":1}\nnoise\n{"a":\n\377\n{"a":2}\n')");
  REQUIRE(answer);
  CHECK(answer->values.size() == 2);
  CHECK(answer->useless == 3);
  CHECK(answer->problem.find("exec:it:2") != std::string::npos);
}

TEST_CASE("a program's end says what kind of failure it was, in its own words") {
  const Programs programs;
  const auto [status, code] = GENERATE(table<int, Errc>({{65, Errc::bad_data},
                                                         {66, Errc::not_found},
                                                         {69, Errc::unavailable},
                                                         {75, Errc::timed_out},
                                                         {76, Errc::protocol},
                                                         {77, Errc::denied},
                                                         {78, Errc::bad_config},
                                                         {1, Errc::unavailable},
                                                         {64, Errc::unavailable},
                                                         {127, Errc::unavailable}}));
  const auto answer =
      programs.run(fmt::format("echo first >&2; echo 'no key' >&2; exit {}", status));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == code);
  CHECK(answer.error().message == "exec:it: no key");
}

TEST_CASE("a program that is killed, or says nothing when it fails, has not answered") {
  const Programs programs;
  CHECK(programs.run("kill -9 $$").error().message == "exec:it: ended by signal 9");
  CHECK(programs.run("echo '{}'; exit 3").error().message == "exec:it: ended with 3");
}

TEST_CASE("a program that never ends, or never stops talking, is ended") {
  const Programs programs;
  const auto slow = programs.run("sleep 600 & wait", "", 200ms);
  REQUIRE_FALSE(slow);
  CHECK(slow.error().code == Errc::timed_out);
  const auto endless = programs.run("yes '{}'");
  REQUIRE_FALSE(endless);
  CHECK(endless.error().code == Errc::bad_data);
}

TEST_CASE("a line past the limit is no answer, and the others are") {
  const Programs programs;
  const auto answer = programs.run(fmt::format(
      "echo 1; head -c {} /dev/zero | tr '\\0' 1; echo; echo 2", cp::limits::document_bytes + 10));
  REQUIRE(answer);
  CHECK(answer->values.size() == 2);
  CHECK(answer->useless == 1);
}
