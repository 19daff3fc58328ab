// SPDX-License-Identifier: Apache-2.0
#include "jobs/staging.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "model/json.hpp"
#include "transfer/transfer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::jobs {
namespace {

std::string without_trailing_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') {
    path.pop_back();
  }
  return path;
}

// "./a" is "a", so that no two spellings name one place of the job's directory.
std::string below(std::string path) {
  while (path.starts_with("./")) {
    path.erase(0, 2);
  }
  return path;
}

bool is_there(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

bool is_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool is_directory(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string absolute_url(const std::string& url, const std::string& here) {
  const auto path = model::path_of_file_url(url);
  if (!path) {
    return url;
  }
  return model::file_url(path->starts_with('/') ? *path : path_join(here, below(*path)));
}

// A place that ends in a slash is a directory that a source without one lands in under its own
// name, as cpxfer has it.
std::string landing(std::string place, std::string_view source) {
  const std::string_view name = base_name(source);
  const bool inside = place.ends_with('/') && !source.ends_with('/') && name != "." && name != "..";
  return inside ? place + std::string(name) : place;
}

Result<std::string> file_of(const std::string& url, std::string_view what) {
  if (auto path = model::path_of_file_url(url)) {
    return *std::move(path);
  }
  return with_hint(fail(Errc::usage, "cannot {} {}: it is no file of this machine", what, url),
                   "bring it here and away with cpxfer or another tool, and name the file");
}

bool has_input(const model::JobSpec& spec, const std::string& path) {
  return std::ranges::any_of(spec.inputs, [&](const model::JobInput& input) {
    return below(without_trailing_slashes(input.path)) == path;
  });
}

// The job finds it under the path that the user wrote, as far as that stays in its directory.
void stage_executable(model::JobSpec& spec, const std::string& here) {
  const std::string& given = spec.executable;
  if (given.find('/') == std::string::npos || given.starts_with('/') ||
      !is_file(path_join(here, given))) {
    return;
  }
  const auto parts = text::split(given, '/');
  const bool leads_out = std::ranges::find(parts, "..") != parts.end();
  const std::string path = leads_out ? std::string(base_name(given)) : below(given);
  if (has_input(spec, path)) {
    return;
  }
  spec.inputs.push_back({model::file_url(path_join(here, given)), path});
  if (leads_out) {
    spec.executable = "./" + path;
  }
}

// The first item that did not arrive says more than how many did not.
Error with_cause(Error failure, const model::Json& record) {
  const auto* const failed = model::find(record, "failed");
  if (failed == nullptr || failed->empty()) {
    return failure;
  }
  const model::Json* const name = model::find(failed->front(), "path");
  const std::string path = name == nullptr ? "" : model::text_of(*name).value_or("");
  const std::string cause = model::text_at(failed->front(), "message").value_or(failure.message);
  failure.message = path.empty() || cause.find(path) != std::string::npos
                        ? cause
                        : fmt::format("{}: {}", path, cause);
  const auto count = model::int_at(record, "files.failed").value_or(1);
  if (count > 1) {
    failure.message += fmt::format(" (and {} more)", count - 1);
  }
  return failure;
}

Result<std::int64_t> run_transfer(transfer::Request request, std::stop_token stop) {
  request.placement = transfer::Placement::exact;
  transfer::Observer nobody;
  CP_TRY_ASSIGN(const model::Json record, transfer::run(request, nobody, stop));
  if (const auto failure = transfer::failure_of(record)) {
    return tl::unexpected<Error>(with_cause(*failure, record));
  }
  return model::int_at(record, "bytes.moved").value_or(0);
}

Result<std::int64_t> move(const std::string& from, const std::string& to,
                          transfer::Durability durability, std::stop_token stop) {
  transfer::Request request;
  request.sources = {without_trailing_slashes(from)};
  request.destination = without_trailing_slashes(to);
  if (is_file(request.sources.front()) && is_directory(request.destination)) {
    request.destination = path_join(request.destination, base_name(request.sources.front()));
  }
  request.durability = durability;
  return run_transfer(std::move(request), std::move(stop));
}

// How the mover reaches FAR: its own names of hosts have no port.
net::SshSettings ssh_to(const provider::Place& far) {
  net::SshSettings ssh = far.ssh;
  ssh.may_prompt = false;
  if (far.host->port != 0) {
    ssh.command.emplace_back("-p");
    ssh.command.push_back(std::to_string(far.host->port));
  }
  return ssh;
}

std::string at_host(const provider::Place& far, const std::string& path) {
  net::SshHost host = *far.host;
  host.port = 0;
  return host.to_string() + ":" + without_trailing_slashes(path);
}

Result<std::int64_t> bring(const std::string& from, const std::string& to,
                           const provider::Place* far, std::stop_token stop) {
  // What a power cut takes is a job's directory on a machine that ran it: the job is gone, too.
  if (far == nullptr) {
    return move(from, to, transfer::Durability::none, std::move(stop));
  }
  transfer::Request request;
  request.sources = {without_trailing_slashes(from)};
  request.destination = at_host(*far, to);
  request.durability = transfer::Durability::none;
  request.ssh = ssh_to(*far);
  return run_transfer(std::move(request), std::move(stop));
}

Result<std::int64_t> fetch(const std::string& from, const std::string& to,
                           const provider::Place* far, std::stop_token stop) {
  if (far == nullptr) {
    return move(from, to, transfer::Durability::batch, std::move(stop));
  }
  transfer::Request request;
  request.sources = {at_host(*far, from)};
  request.destination = without_trailing_slashes(to);
  request.durability = transfer::Durability::batch;
  request.ssh = ssh_to(*far);
  return run_transfer(std::move(request), std::move(stop));
}

/// PATH of the job's directory, which is DIRECTORY. An error where nobody knows that: a relative
/// path would mean whatever directory this process is in.
Result<std::string> in_directory(const std::string& directory, const std::string& path) {
  if (path.starts_with('/')) {
    return path;
  }
  if (!directory.starts_with('/')) {
    return fail(Errc::not_found, "the job's directory is gone");
  }
  return path_join(directory, below(path));
}

bool is_due(const model::JobOutput& output, model::JobState state) {
  return output.when == "always" || text::upper(output.when) == model::name_of(state);
}

}  // namespace

Result<void> settle_paths(model::JobSpec& spec, const std::string& here) {
  stage_executable(spec, here);
  for (auto& input : spec.inputs) {
    CP_TRY(file_of(input.url, "stage in"));
    input.url = absolute_url(input.url, here);
    const std::string path = *model::path_of_file_url(input.url);
    if (!is_there(path)) {
      return fail(Errc::not_found, "cannot stage in {}: no such file or directory", path);
    }
    input.path = landing(input.path, path);
  }
  for (auto& output : spec.outputs) {
    CP_TRY(file_of(output.url, "stage out to"));
    const std::string place = absolute_url(output.url, here);
    output.url = model::file_url(landing(*model::path_of_file_url(place), output.path));
  }
  return {};
}

Result<std::int64_t> stage_in(const model::JobSpec& spec, const std::string& directory,
                              const provider::Place* far, std::stop_token stop) {
  std::int64_t bytes = 0;
  for (const auto& input : spec.inputs) {
    const std::string from = model::path_of_file_url(input.url).value_or(input.url);
    CP_TRY_ASSIGN(const std::string to, in_directory(directory, input.path));
    const auto moved = bring(from, to, far, stop);
    if (!moved) {
      return fail(moved.error().code, "cannot stage in {}: {}", from, moved.error().message);
    }
    bytes += *moved;
  }
  return bytes;
}

Result<std::int64_t> stage_out(const model::JobSpec& spec, model::JobState state,
                               const std::string& directory, const provider::Place* far,
                               std::stop_token stop) {
  std::int64_t bytes = 0;
  for (const auto& output : spec.outputs) {
    if (!is_due(output, state)) {
      continue;
    }
    const auto from = in_directory(directory, output.path);
    if (!from) {
      return fail(from.error().code, "cannot stage out {}: {}", output.path, from.error().message);
    }
    const bool may_lack = state != model::JobState::completed;
    if (may_lack && far == nullptr && !is_there(without_trailing_slashes(*from))) {
      continue;
    }
    const std::string to = model::path_of_file_url(output.url).value_or(output.url);
    const auto moved = fetch(*from, to, far, stop);
    if (!moved && may_lack && far != nullptr && moved.error().code == Errc::not_found) {
      continue;
    }
    if (!moved) {
      return fail(moved.error().code, "cannot stage out {}: {}", output.path,
                  moved.error().message);
    }
    bytes += *moved;
  }
  return bytes;
}

std::string kept_input(const std::string& state_directory, std::string_view id) {
  return fmt::format("{}/jobs/{}.stdin", state_directory, id);
}

bool has_outputs(const model::JobSpec& spec, model::JobState state) {
  return std::ranges::any_of(spec.outputs,
                             [&](const model::JobOutput& output) { return is_due(output, state); });
}

}  // namespace cp::jobs
