// SPDX-License-Identifier: Apache-2.0
#include "transfer/catalog.hpp"

#include "base/directory.hpp"
#include "base/file.hpp"
#include "model/json.hpp"
#include "transfer/limits.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ctime>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

using model::Json;

constexpr std::size_t kLargestRecord = std::size_t{1} << 20U;
constexpr std::string_view kEnding = ".json";

bool is_finished(const Json& record) { return model::text_at(record, "state") == "done"; }

std::optional<Json> read_record(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || ::lseek(fd, 0, SEEK_SET) != 0) {
    return std::nullopt;
  }
  const auto text = read_to_end(fd, kLargestRecord);
  auto record = text ? model::parse_json(*text) : Result<Json>(Json());
  return record && record->is_object() && model::text_at(*record, "id") ? std::optional(*record)
                                                                        : std::nullopt;
}

bool is_old(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 &&
         status.st_mtim.tv_sec < ::time(nullptr) - limits::kept_seconds;
}

Json to_json(const CommandLine& command) {
  Json arguments = Json::array();
  for (const std::string& argument : command.arguments) {
    arguments.push_back(model::text_value(argument));
  }
  return {{"directory", model::text_value(command.directory)}, {"arguments", arguments}};
}

// What a process that is gone had to say of itself last.
void judge(Json& record, bool is_running) {
  if (!is_running && model::text_at(record, "state") == "running") {
    record["state"] = "failed";
    record["error"] = {{"code", name_of(Errc::timed_out)}, {"message", "it was killed"}};
  }
  record["resumable"] = !is_running && !is_finished(record);
}

}  // namespace

std::optional<Catalog::Running> Catalog::begin(const std::string& key, CommandLine command) const {
  if (!make_directories(directory_, 0700)) {
    return std::nullopt;
  }
  const std::string path = path_join(directory_, key + std::string(kEnding));
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return std::nullopt;
  }
  const auto before = read_record(fd.get());
  const bool goes_on = before && !is_finished(*before);
  std::string id = goes_on ? model::text_at(*before, "id").value_or("") : "";
  return Running(std::move(fd), std::move(command), std::move(id));
}

void Catalog::Running::write(Json record) const {
  record["command"] = to_json(command_);
  const std::string line = model::to_line(record);
  // Read back after a kill between the two it is no record, and nobody's loss.
  if (::ftruncate(fd_.get(), 0) == 0 && ::lseek(fd_.get(), 0, SEEK_SET) == 0) {
    static_cast<void>(write_all(fd_.get(), line));
  }
}

std::vector<Json> Catalog::list() const {
  std::vector<Json> records;
  const Directory open(::opendir(directory_.c_str()));
  while (const dirent* entry = open ? ::readdir(open.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    const UniqueFd fd(name.ends_with(kEnding)
                          ? ::openat(::dirfd(open.get()), entry->d_name,
                                     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
                          : -1);
    if (!fd) {
      continue;
    }
    const bool is_running = ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0;
    auto record = read_record(fd.get());
    if (!is_running && is_old(fd.get())) {
      ::unlinkat(::dirfd(open.get()), entry->d_name, 0);
    } else if (record) {
      judge(*record, is_running);
      records.push_back(*std::move(record));
    }
  }
  std::ranges::sort(records, {},
                    [](const Json& record) { return model::text_at(record, "id").value_or(""); });
  return records;
}

void Catalog::forget(const std::string& id) const {
  const Directory open(::opendir(directory_.c_str()));
  while (const dirent* entry = open ? ::readdir(open.get()) : nullptr) {
    const UniqueFd fd(::openat(::dirfd(open.get()), entry->d_name,
                               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    const auto record = fd && std::string_view(entry->d_name).ends_with(kEnding)
                            ? read_record(fd.get())
                            : std::nullopt;
    if (record && model::text_at(*record, "id") == id) {
      ::unlinkat(::dirfd(open.get()), entry->d_name, 0);
    }
  }
}

}  // namespace cp::transfer
