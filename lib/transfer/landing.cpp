// SPDX-License-Identifier: Apache-2.0
#include "transfer/landing.hpp"

#include "base/file.hpp"
#include "transfer/path.hpp"
#include "transfer/source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

// As mkdir(1): the user's umask decides.
constexpr mode_t kDirectoryMode = 0777;

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

std::string beneath(std::string_view path) {
  const auto first = path.find_first_not_of('/');
  return first == std::string_view::npos ? "" : std::string(path.substr(first));
}

Plan as_directory(const Operand& operand) {
  return {operand.path.empty() ? "/" : operand.path, ""};
}

Plan as_name(const Operand& operand) {
  return {parent_of(operand.path), std::string(base_name(operand.path))};
}

}  // namespace

bool OpenGround::is_directory(const std::string& path) const {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Result<void> OpenGround::check_free(const std::string& path) const {
  return exists(path) ? fail(Errc::cannot_create, "a file stands there") : Result<void>();
}

Result<Landing> OpenGround::enter(const std::string& path) const {
  const bool is_new = !exists(path);
  CP_TRY(make_directories(path, kDirectoryMode));
  CP_TRY_ASSIGN(Confined root, Confined::open(path));
  return Landing{std::move(root), is_new, "", ""};
}

Result<Confined> OpenGround::look_into(const std::string& path) const {
  return Confined::open(path);
}

Result<Confined> ConfinedGround::look_into(const std::string& path) const {
  return root_.enter(beneath(path));
}

bool ConfinedGround::is_directory(const std::string& path) const {
  return root_.open_beneath(beneath(path), O_PATH | O_DIRECTORY).has_value();
}

Result<void> ConfinedGround::check_free(const std::string& path) const {
  const auto there = root_.open_beneath(beneath(path), O_PATH | O_DIRECTORY);
  if (there || there.error().code == Errc::not_found) {
    return {};
  }
  return root_.open_beneath(beneath(path), O_PATH) && there.error().code != Errc::denied
             ? fail(Errc::cannot_create, "a file stands there")
             : tl::unexpected<Error>(there.error());
}

Result<Landing> ConfinedGround::enter(const std::string& path) const {
  auto opened = root_.make_directories(beneath(path), kDirectoryMode);
  if (!opened) {
    return fail(opened.error().code, "cannot create {}: {}", path, opened.error().message);
  }
  return Landing{Confined(std::move(opened->fd), root_.method()), opened->made != 0, "", ""};
}

Result<Plan> plan_landing(const Ground& ground, const std::string& destination,
                          const Incoming& incoming) {
  if (destination.empty()) {
    return fail(Errc::usage, "the destination is empty");
  }
  const Operand operand = parse_operand(destination);
  const bool is_directory = ground.is_directory(operand.path.empty() ? "/" : operand.path);
  const bool is_one_file =
      incoming.sources == 1 && !incoming.is_directory && !incoming.name.empty();
  if (incoming.placement == Placement::exact && is_one_file && is_directory) {
    return fail(Errc::cannot_create, "cannot create {}: a directory stands there", destination);
  }
  const bool takes_name = is_one_file && !operand.means_contents && !is_directory;
  if (!takes_name && !is_directory) {
    if (const auto free = ground.check_free(operand.path); !free) {
      return fail(free.error().code, "cannot create {}: {}", destination, free.error().message);
    }
  }
  return takes_name ? as_name(operand) : as_directory(operand);
}

Result<Landing> land(const Ground& ground, const std::string& destination,
                     const Incoming& incoming) {
  CP_TRY_ASSIGN(const Plan plan, plan_landing(ground, destination, incoming));
  if (is_reserved(plan.renamed_to)) {
    return fail(Errc::denied, "cannot create {}: the name is reserved for cpxfer's own files",
                destination);
  }
  CP_TRY_ASSIGN(Landing landing, ground.enter(plan.root));
  if (!plan.renamed_to.empty()) {
    landing.renamed_from = incoming.name;
    landing.renamed_to = plan.renamed_to;
  }
  return landing;
}

}  // namespace cp::transfer
