// SPDX-License-Identifier: Apache-2.0
#include "provider/exec/program.hpp"

#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "base/trusted_file.hpp"
#include "base/utf8.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::provider::exec {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestMessage = 500;

std::string beside_the_program() {
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
  if (size <= 0) {
    return {};
  }
  const std::string program(path.data(), static_cast<std::size_t>(size));
  return path_join(parent_of(parent_of(program)), "libexec/cptools");
}

std::string data_directory() {
  const char* const data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && data[0] == '/') {
    return path_join(data, "cptools/providers");
  }
  const char* const home = std::getenv("HOME");
  return home != nullptr && home[0] == '/' ? path_join(home, ".local/share/cptools/providers")
                                           : std::string();
}

bool is_program(const std::string& path, struct stat& status) {
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

Errc kind_of(int status) {
  constexpr std::array known{Errc::bad_data, Errc::not_found, Errc::unavailable, Errc::timed_out,
                             Errc::protocol, Errc::denied,    Errc::bad_config};
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](Errc code) { return exit_status(code) == status; });
  return found == known.end() ? Errc::unavailable : *found;
}

// The last line that a program says to people.
std::string last_line(std::string_view errors) {
  errors = text::trim(errors);
  const auto end = errors.rfind('\n');
  std::string_view line = end == std::string_view::npos ? errors : errors.substr(end + 1);
  line = text::trim(line.substr(0, kLongestMessage));
  return utf8::is_valid(line) ? std::string(line) : std::string();
}

tl::unexpected<Error> failure_of(const Program& program, const Captured& said) {
  const std::string line = last_line(said.errors);
  const std::string end = said.exit.signal != 0
                              ? fmt::format("ended by signal {}", said.exit.signal)
                              : fmt::format("ended with {}", said.exit.code);
  const Errc code = said.exit.signal != 0 ? Errc::unavailable : kind_of(said.exit.code);
  return fail(code, "{}: {}", program.name, line.empty() ? end : line);
}

}  // namespace

bool is_name(std::string_view name) {
  const auto is_first = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= kLongestName && is_first(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_first(c) || c == '_' || c == '-'; });
}

SearchPath SearchPath::from_environment() {
  return {beside_the_program(), data_directory(), std::string(search_path())};
}

Result<std::string> find_program(std::string_view name, const SearchPath& where) {
  if (!is_name(name)) {
    return with_hint(fail(Errc::usage, "exec:{} names no program", name),
                     "a name is of a-z, 0-9, - and _, and begins with a letter or digit");
  }
  std::vector<std::string> directories{where.libexec, where.data};
  for (const std::string_view entry : text::split(where.path, ':')) {
    directories.emplace_back(entry);
  }
  const std::string file = fmt::format("cp-provider-{}", name);
  for (const std::string& directory : directories) {
    struct stat status {};
    const std::string path = path_join(directory, file);
    if (!directory.starts_with('/') || !is_program(path, status)) {
      continue;
    }
    CP_TRY(check_trusted(path, status, false));
    return path;
  }
  return with_hint(fail(Errc::not_found, "there is no program {}", file),
                   fmt::format("put it into {} or a directory of PATH", where.data));
}

Answer::Answer() = default;
Answer::Answer(Answer&&) noexcept = default;
Answer& Answer::operator=(Answer&&) noexcept = default;
Answer::~Answer() = default;

Result<Answer> call(const Program& program, std::string_view verb, std::string_view input,
                    std::stop_token stop) {
  Command command;
  command.argv = {program.path, std::string(verb)};
  command.own_group = true;
  auto said = capture(command, input, program.patience, std::move(stop));
  if (!said && said.error().code == Errc::timed_out) {
    return fail(Errc::timed_out, "{}: no answer to '{}' in time", program.name, verb);
  }
  if (!said) {
    return fail(said.error().code, "{}: {}", program.name, said.error().message);
  }
  if (said->exit.status() != 0) {
    return failure_of(program, *said);
  }
  Answer answer;
  std::size_t number = 0;
  for (const std::string_view line : text::split(said->output, '\n')) {
    ++number;
    if (text::trim(line).empty()) {
      continue;
    }
    auto value = line.size() > limits::document_bytes
                     ? Result<model::Json>(fail(Errc::bad_data, "{}:{}: longer than {} bytes",
                                                program.name, number, limits::document_bytes))
                     : model::parse_json(line, {program.name, number, 1});
    if (value) {
      answer.values.push_back(*std::move(value));
    } else if (++answer.useless == 1) {
      answer.problem = value.error().message;
    }
  }
  return answer;
}

}  // namespace cp::provider::exec
