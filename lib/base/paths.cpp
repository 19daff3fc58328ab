// SPDX-License-Identifier: Apache-2.0
#include "base/paths.hpp"

#include "base/file.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cp {
namespace {

std::optional<std::string> absolute_variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here sets it
  if (value == nullptr || value[0] != '/') {
    return std::nullopt;
  }
  return std::string(value);
}

std::optional<std::string> home_directory() {
  if (auto home = absolute_variable("HOME")) {
    return home;
  }
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return std::nullopt;
  }
  return std::string(found->pw_dir);
}

std::optional<std::string> base_directory(const char* variable, const char* below_home) {
  if (const auto value = absolute_variable(variable)) {
    return path_join(*value, "cptools");
  }
  const auto home = home_directory();
  return home ? std::optional(path_join(path_join(*home, below_home), "cptools")) : std::nullopt;
}

}  // namespace

Result<Paths> paths_from_environment() {
  auto state = absolute_variable("CP_STATE_DIR");
  if (!state && std::getenv("CP_STATE_DIR") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
    return fail(Errc::bad_config, "CP_STATE_DIR is not an absolute path");
  }
  if (!state) {
    state = base_directory("XDG_STATE_HOME", ".local/state");
  }
  const auto cache = base_directory("XDG_CACHE_HOME", ".cache");
  const auto config = base_directory("XDG_CONFIG_HOME", ".config");
  if (!state || !cache || !config) {
    return with_hint(fail(Errc::bad_config, "there is no home directory"),
                     "set HOME, or CP_STATE_DIR, XDG_CACHE_HOME and XDG_CONFIG_HOME");
  }
  return Paths{*state, *cache, *config};
}

Result<std::string> open_state_directory(const Paths& paths) {
  CP_TRY(make_directories(paths.state, 0700));
  struct stat status {};
  if (::stat(paths.state.c_str(), &status) != 0) {
    return fail_errno(errno, "cannot stat " + paths.state);
  }
  if (status.st_uid != ::geteuid() || (status.st_mode & 077U) != 0) {
    return with_hint(fail(Errc::bad_config, "{} is open to others", paths.state),
                     "chmod 700 it, or set CP_STATE_DIR to a directory of your own");
  }
  return paths.state;
}

std::string runtime_directory() {
  const auto run = absolute_variable("XDG_RUNTIME_DIR");
  return run ? path_join(*run, "cptools") : fmt::format("/tmp/cptools-{}", ::geteuid());
}

Result<void> make_private_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail_errno(Errc::cannot_create, errno, "cannot create " + path);
  }
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
      status.st_uid != ::geteuid() || (status.st_mode & 077U) != 0) {
    return fail(Errc::denied, "{} is not ours alone", path);
  }
  return {};
}

}  // namespace cp
