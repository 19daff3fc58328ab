// SPDX-License-Identifier: Apache-2.0
#include "known.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "model/json.hpp"
#include "transfer/resume.hpp"

#include <climits>
#include <nlohmann/json.hpp>

#include <array>
#include <unistd.h>

namespace cpxfer {
namespace {

constexpr std::size_t kLongestCommand = std::size_t{256} << 10U;

// As the kernel has it: what the parser makes of it need not be undone.
cp::Result<cp::transfer::CommandLine> own_command() {
  CP_TRY_ASSIGN(const std::string line, cp::read_file("/proc/self/cmdline", kLongestCommand));
  cp::transfer::CommandLine command;
  for (const std::string_view word : cp::text::split(line, '\0')) {
    command.arguments.emplace_back(word);
  }
  // The program's name, and what stands behind the last NUL.
  command.arguments.pop_back();
  command.arguments.erase(command.arguments.begin());
  std::array<char, PATH_MAX> directory{};
  if (::getcwd(directory.data(), directory.size()) == nullptr) {
    return cp::fail_errno(errno, "cannot tell the working directory");
  }
  command.directory = directory.data();
  return command;
}

cp::model::Json first_record(const cp::cli::Context& context,
                             const cp::transfer::Request& request) {
  cp::model::Json sources = cp::model::Json::array();
  for (const std::string& source : request.sources) {
    sources.push_back(cp::model::text_value(source));
  }
  return {{"schema", "cp.transfer/1"},
          {"id", request.id},
          {"state", "running"},
          {"source", sources.size() == 1 ? sources.front() : sources},
          {"destination", cp::model::text_value(request.destination)},
          {"files", {{"total", nullptr}, {"done", 0}, {"failed", 0}}},
          {"bytes", {{"total", nullptr}, {"moved", 0}}},
          {"started_at", cp::format_time(context.clock().now())}};
}

}  // namespace

cp::Result<cp::transfer::Catalog> catalog_of(const cp::cli::Context& context) {
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  // Commands are kept there that `resume` gives again.
  CP_TRY_ASSIGN(const std::string state, cp::open_state_directory(paths));
  const std::string directory = cp::path_join(state, "transfers");
  CP_TRY(cp::make_private_directory(directory));
  return cp::transfer::Catalog(directory);
}

std::optional<cp::transfer::Catalog::Running> begin_entry(cp::cli::Context& context,
                                                          cp::transfer::Request& request) {
  const auto catalog = catalog_of(context);
  auto command = own_command();
  if (!catalog || !command) {
    return std::nullopt;
  }
  auto running = catalog->begin(cp::transfer::key_of(request).hex(), *std::move(command));
  if (running) {
    request.id = running->id().empty()
                     ? "t-" + cp::make_ulid(context.clock().now(), context.random())
                     : running->id();
    running->write(first_record(context, request));
  }
  return running;
}

}  // namespace cpxfer
