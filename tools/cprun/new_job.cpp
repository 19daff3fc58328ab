// SPDX-License-Identifier: Apache-2.0
#include "new_job.hpp"

#include "base/file.hpp"
#include "base/random.hpp"
#include "job_options.hpp"
#include "jobs/staging.hpp"
#include "places.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace cprun {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::jobs::Draft;
using cp::jobs::Job;

std::vector<std::string> own_environment() {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    out.emplace_back(*entry);
  }
  return out;
}

// The program's own name, as far as it can stand in a job's name.
std::string name_for(const cp::model::JobSpec& spec) {
  if (!spec.name.empty()) {
    return spec.name;
  }
  std::string name;
  for (const char c : cp::base_name(spec.executable)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    name += plain ? c : '_';
  }
  constexpr std::size_t longest = 40;
  return name.substr(0, longest);
}

/// Copies FROM to FILE, so that the job has it whole whoever is alive by then.
Result<void> keep_input(int from, const std::string& file) {
  const cp::UniqueFd to(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!to) {
    return cp::fail_errno(Errc::cannot_create, errno, "cannot create " + file);
  }
  std::vector<char> buffer(std::size_t{256} << 10U);
  while (true) {
    CP_TRY_ASSIGN(const std::size_t count, cp::read_some(from, buffer));
    if (count == 0) {
      return {};
    }
    const auto written = cp::write_all(to.get(), {buffer.data(), count});
    if (!written) {
      return cp::fail(Errc::io, "cannot write {}: {}", file, written.error().message);
    }
  }
}

/// The name under which any process finds the file that GIVEN is here; nullopt for what is no file
/// of its own: a pipe, a terminal, one that was removed.
std::optional<std::string> lasting_name(const std::string& given, const struct stat& status) {
  std::error_code error;
  const auto path = std::filesystem::canonical(given, error);
  const bool lasts = S_ISREG(status.st_mode) || S_ISCHR(status.st_mode) || S_ISDIR(status.st_mode);
  return error || !lasts || path.string().starts_with("/dev/pts/") || path == "/dev/tty"
             ? std::nullopt
             : std::optional(path.string());
}

bool may_be_far(const Session& session, const cp::jobs::Job& job) {
  return std::ranges::any_of(job.candidates, [&](const cp::jobs::Candidate& place) {
    const auto launcher = session.launchers->at(place.url);
    return launcher && (*launcher)->far() != nullptr;
  });
}

Result<void> take_input(Context& context, const Session& session, const std::string& id,
                        cp::model::JobSpec& spec, bool is_far) {
  const auto given = context.arguments().text("stdin");
  if (!given) {
    return {};
  }
  cp::UniqueFd opened;
  if (*given != "-") {
    opened.reset(::open(given->c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    struct stat status {};
    if (!opened || ::fstat(opened.get(), &status) != 0) {
      return cp::fail_errno(errno, "cannot open " + *given);
    }
    // Another host has no such file: a copy goes there.
    if (auto name = lasting_name(*given, status); name && !is_far) {
      spec.stdin_path = *std::move(name);
      return {};
    }
  }
  spec.stdin_path = cp::jobs::kept_input(session.store->state_directory(), id);
  CP_TRY(cp::make_directories(cp::parent_of(spec.stdin_path), 0700));
  return keep_input(opened ? opened.get() : STDIN_FILENO, spec.stdin_path);
}

Result<void> check_others(const Session& session, const cp::model::JobSpec& spec) {
  for (const auto& after : spec.after) {
    const auto known = session.store->state_of(after.job);
    if (!known) {
      return tl::unexpected(known.error());
    }
  }
  return {};
}

Job element_of(const Job& parent, std::int64_t index) {
  Job job = parent;
  job.id = fmt::format("{}[{}]", parent.id, index);
  job.parent = parent.id;
  job.element = index;
  return job;
}

}  // namespace

Result<std::vector<Draft>> make_job(Context& context, Session& session) {
  Job job;
  job.created_at = context.clock().now();
  job.id = "j-" + cp::make_ulid(job.created_at, context.random());
  CP_TRY_ASSIGN(job.spec, read_spec(context));
  CP_TRY_ASSIGN(job.candidates, read_places(context, job.spec));
  // What its name alone tells wrong is the command line's fault, not the place's.
  if (context.arguments().is_given("on")) {
    for (const auto& place : job.candidates) {
      CP_TRY(session.launchers->at(place.url));
    }
  }
  CP_TRY(check_others(session, job.spec));
  const bool is_dry_run = context.arguments().has("dry-run");
  if (!is_dry_run) {
    CP_TRY(take_input(context, session, job.id, job.spec, may_be_far(session, job)));
  }
  job.name = name_for(job.spec);
  job.environment = job.spec.inherit_environment ? own_environment() : std::vector<std::string>{};
  job.lease = context.arguments().duration("lease");
  if (job.lease && *job.lease < std::chrono::milliseconds(1)) {
    return cp::fail(Errc::usage, "--lease wants at least 1ms");
  }
  std::vector<Draft> drafts;
  drafts.emplace_back(job);
  for (std::int64_t i = 0; job.spec.array && i < job.spec.array->size(); ++i) {
    drafts.emplace_back(element_of(job, job.spec.array->from + i * job.spec.array->step));
  }
  for (auto& draft : drafts) {
    CP_TRY(session.driver->plan(draft));
  }
  if (!is_dry_run) {
    CP_TRY(session.store->create(drafts));
  }
  return drafts;
}

}  // namespace cprun
