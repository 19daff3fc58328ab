// SPDX-License-Identifier: Apache-2.0
#include "transfer/source.hpp"

#include "base/file.hpp"
#include "transfer/path.hpp"
#include "transfer/wire.hpp"

#include <cerrno>
#include <fcntl.h>
#include <set>

namespace cp::transfer {
namespace {

// What NAME in ROOT is; with "" ROOT itself.
Result<struct stat> status_of(const Confined& root, const std::string& name,
                              const std::string& shown) {
  struct stat status {};
  const int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
  if (::fstatat(root.fd(), name.c_str(), &status, flags) != 0) {
    return fail_errno(errno, "cannot open " + shown);
  }
  return status;
}

Result<Source> make_source(std::string shown, Confined root, std::string name) {
  CP_TRY_ASSIGN(const struct stat status, status_of(root, name, shown));
  if (is_reserved(name)) {
    return fail(Errc::denied, "cannot read {}: the name is reserved for cpxfer's own files", shown);
  }
  return Source{std::move(shown), std::move(root), std::move(name), S_ISDIR(status.st_mode)};
}

}  // namespace

std::string Source::show(std::string_view path) const {
  std::string_view below = path;
  if (!name.empty()) {
    below.remove_prefix(std::min(below.size(), name.size()));
  }
  while (below.starts_with('/')) {
    below.remove_prefix(1);
  }
  return below.empty() ? shown : path_join(shown, below);
}

Operand parse_operand(std::string_view path) {
  Operand operand{std::string(path), false};
  while (operand.path.ends_with('/')) {
    operand.path.pop_back();
    operand.means_contents = true;
  }
  const std::string_view last = base_name(operand.path);
  operand.means_contents = operand.means_contents || last == "." || last == "..";
  return operand;
}

Result<Source> open_source(const std::string& path, Placement placement) {
  const Operand operand = parse_operand(path);
  if (operand.means_contents) {
    CP_TRY_ASSIGN(Confined root, Confined::open(operand.path.empty() ? "/" : operand.path));
    return make_source(path, std::move(root), "");
  }
  CP_TRY_ASSIGN(Confined root, Confined::open(parent_of(operand.path)));
  CP_TRY_ASSIGN(Source source,
                make_source(path, std::move(root), std::string(base_name(operand.path))));
  if (placement == Placement::exact && source.is_directory) {
    return open_source(path + "/", placement);
  }
  return source;
}

Source stream_source(int fd, std::string name) {
  // As any file that this process makes.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return {.shown = "-",
          .root = Confined(UniqueFd(), Confined::Method::openat2),
          .name = std::move(name),
          .is_directory = false,
          .stream = fd,
          .stream_mode = 0666U & ~mask};
}

Result<std::vector<Source>> open_sources(const std::vector<std::string>& paths,
                                         Placement placement) {
  std::vector<Source> sources;
  for (const std::string& path : paths) {
    CP_TRY_ASSIGN(Source source, open_source(path, placement));
    sources.push_back(std::move(source));
  }
  CP_TRY(check_distinct(sources));
  return sources;
}

Result<Source> open_source_beneath(const Confined& root, const std::string& path,
                                   Placement placement) {
  Operand operand = parse_operand(path);
  operand.path.erase(0, operand.path.find_first_not_of('/'));
  if (const auto checked = check_path(operand.path); !checked) {
    return fail(checked.error().code, "cannot open {}: {}", path, checked.error().message);
  }
  const auto slash = operand.path.rfind('/');
  const bool contents = operand.means_contents || operand.path.empty();
  const std::string above = contents                     ? operand.path
                            : slash == std::string::npos ? ""
                                                         : operand.path.substr(0, slash);
  auto entered = root.enter(above);
  if (!entered) {
    return fail(entered.error().code, "cannot open {}: {}", path, entered.error().message);
  }
  std::string name =
      contents ? "" : operand.path.substr(slash == std::string::npos ? 0 : slash + 1);
  CP_TRY_ASSIGN(Source source, make_source(path, *std::move(entered), std::move(name)));
  if (placement == Placement::exact && source.is_directory && !source.name.empty()) {
    return open_source_beneath(root, path + "/", placement);
  }
  return source;
}

std::vector<std::string> names_of(const std::vector<std::string>& paths, Placement placement) {
  std::vector<std::string> names;
  for (const std::string& path : paths) {
    const Operand operand = parse_operand(path);
    if (placement == Placement::exact || operand.means_contents || operand.path.empty()) {
      return {};
    }
    names.emplace_back(base_name(operand.path));
  }
  return names;
}

Result<void> check_distinct(const std::vector<Source>& sources) {
  std::set<std::string_view> names;
  for (const Source& source : sources) {
    if (!source.name.empty() && !names.insert(source.name).second) {
      return fail(Errc::usage, "two sources would land as {}", source.name);
    }
  }
  return {};
}

Metadata metadata_of(const struct stat& status) {
  return {.mode = status.st_mode & 0777U,
          .mtime_s = status.st_mtim.tv_sec,
          .mtime_ns = static_cast<std::uint32_t>(status.st_mtim.tv_nsec)};
}

Digest stamp_of(std::string_view path, const struct stat& status) {
  WireWriter out;
  out.put(static_cast<std::uint64_t>(status.st_ino))
      .put(static_cast<std::uint64_t>(status.st_size))
      .put_signed(status.st_mtim.tv_sec)
      .put(static_cast<std::uint32_t>(status.st_mtim.tv_nsec))
      .put_signed(status.st_ctim.tv_sec)
      .put(static_cast<std::uint32_t>(status.st_ctim.tv_nsec))
      .put_text(path);
  return leaf_digest(std::as_bytes(std::span(out.bytes())));
}

bool is_fresh(const struct stat& status, UnixTime now) {
  const std::int64_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  return status.st_mtim.tv_sec > seconds - 3;
}

}  // namespace cp::transfer
