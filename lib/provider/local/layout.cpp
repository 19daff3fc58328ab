// SPDX-License-Identifier: Apache-2.0
#include "provider/local/layout.hpp"

#include "base/file.hpp"
#include "base/limits.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace cp::provider::local {
namespace {

using model::Json;

constexpr std::array<std::string_view, 5> kCauses{"none", "canceled", "time_limit", "lease",
                                                  "shutdown"};
constexpr std::size_t kRecordBytes = 4096;
constexpr std::size_t kMessageBytes = 1024;

Cause cause_of(std::string_view name) {
  for (std::size_t i = 0; i < kCauses.size(); ++i) {
    if (kCauses[i] == name) {
      return static_cast<Cause>(i);
    }
  }
  return Cause::none;
}

Result<Json> read_record(const std::string& path) {
  CP_TRY_ASSIGN(const std::string bytes, read_file(path, limits::document_bytes));
  Json document = Json::parse(bytes, nullptr, false);
  if (!document.is_object()) {
    return fail(Errc::bad_data, "{} holds no record", path);
  }
  return document;
}

std::string line_of(const Json& document) { return model::to_line(document) + "\n"; }

void put_time(Json& document, const char* name, const std::optional<UnixTime>& time) {
  if (time) {
    document[name] = format_time(*time);
  }
}

template <class T>
void put(Json& document, const char* name, const std::optional<T>& value) {
  if (value) {
    document[name] = *value;
  }
}

}  // namespace

Layout::Layout(std::string root, const Token& token) : root_(std::move(root)), token_(token) {}

std::string encode(const Holder& holder) {
  return line_of({{"nonce", holder.nonce},
                  {"host", model::text_value(holder.host)},
                  {"boot_id", holder.process.boot_id},
                  {"pid", holder.process.pid},
                  {"start_ticks", holder.process.start_ticks},
                  {"is_supervisor", holder.is_supervisor},
                  {"stdout", model::text_value(holder.standard_output)},
                  {"stderr", model::text_value(holder.standard_error)}});
}

Result<Holder> read_holder(const std::string& path) {
  CP_TRY_ASSIGN(const Json document, read_record(path));
  Holder holder;
  holder.nonce = model::bytes_at(document, "nonce");
  holder.host = model::bytes_at(document, "host");
  holder.process.boot_id = model::bytes_at(document, "boot_id");
  holder.process.pid = static_cast<pid_t>(model::int_at(document, "pid").value_or(0));
  holder.process.start_ticks =
      static_cast<std::uint64_t>(model::int_at(document, "start_ticks").value_or(0));
  holder.is_supervisor = model::bool_at(document, "is_supervisor").value_or(true);
  holder.standard_output = model::bytes_at(document, "stdout");
  holder.standard_error = model::bytes_at(document, "stderr");
  return holder;
}

std::string encode(const Started& started) {
  return line_of({{"at", format_time(started.at)}, {"pid", started.pid}});
}

Result<Started> read_started(const std::string& path) {
  CP_TRY_ASSIGN(const Json document, read_record(path));
  const auto at = model::time_at(document, "at");
  if (!at) {
    return fail(Errc::bad_data, "{} holds no record", path);
  }
  return Started{*at, static_cast<pid_t>(model::int_at(document, "pid").value_or(0))};
}

std::string encode(const Ended& ended) {
  Json document = Json::object();
  put_time(document, "started_at", ended.started_at);
  document["at"] = format_time(ended.at);
  document["ran_ns"] = ended.ran_for.count();
  if (ended.exit) {
    document["exit_code"] = ended.exit->code;
    document["signal"] = ended.exit->signal;
  }
  document["executed"] = ended.executed;
  document["cause"] = kCauses[static_cast<std::size_t>(ended.cause)];
  document["message"] = model::text_value(ended.message.substr(0, kMessageBytes));
  put(document, "user_s", ended.used.user_s);
  put(document, "system_s", ended.used.system_s);
  put(document, "max_rss_bytes", ended.used.max_rss_bytes);
  return line_of(document);
}

Result<Ended> read_ended(const std::string& path) {
  CP_TRY_ASSIGN(const Json document, read_record(path));
  const auto at = model::time_at(document, "at");
  if (!at) {
    return fail(Errc::bad_data, "{} holds no record", path);
  }
  Ended ended;
  ended.started_at = model::time_at(document, "started_at");
  ended.at = *at;
  ended.ran_for = std::chrono::nanoseconds(model::int_at(document, "ran_ns").value_or(0));
  if (const auto code = model::int_at(document, "exit_code")) {
    ended.exit = Exit{static_cast<int>(*code),
                      static_cast<int>(model::int_at(document, "signal").value_or(0))};
  }
  ended.executed = model::bool_at(document, "executed").value_or(true);
  ended.cause = cause_of(model::bytes_at(document, "cause"));
  ended.message = model::bytes_at(document, "message");
  ended.used.user_s = model::number_at(document, "user_s");
  ended.used.system_s = model::number_at(document, "system_s");
  ended.used.max_rss_bytes = model::int_at(document, "max_rss_bytes");
  return ended;
}

Result<void> publish(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".new";
  const UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) {
    return fail_errno(Errc::cannot_create, errno, "cannot create " + path);
  }
  CP_TRY(write_all(fd.get(), bytes));
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return fail_errno(Errc::cannot_create, errno, "cannot create " + path);
  }
  return {};
}

Result<void> reserve_record(const Layout& layout) {
  const UniqueFd fd(
      ::open(layout.reserved().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) {
    return fail_errno(Errc::cannot_create, errno, "cannot create " + layout.reserved());
  }
  // Written as well where the file system cannot allocate: those that copy on write give no
  // promise.
  (void)::fallocate(fd.get(), 0, 0, kRecordBytes);
  const auto written = write_all(fd.get(), std::string(kRecordBytes, ' '));
  if (!written) {
    return fail(Errc::io, "cannot write {}: {}", layout.reserved(), written.error().message);
  }
  return {};
}

Result<void> finish_record(const Layout& layout, const Ended& ended) {
  std::string line = encode(ended);
  line.resize(std::max(line.size(), kRecordBytes), ' ');
  const UniqueFd fd(::open(layout.reserved().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) {
    return fail_errno(Errc::cannot_create, errno, "cannot create " + layout.reserved());
  }
  CP_TRY(write_all(fd.get(), line));
  if (::fsync(fd.get()) != 0) {
    return fail_errno(Errc::io, errno, "cannot write " + layout.reserved());
  }
  if (::rename(layout.reserved().c_str(), layout.ended().c_str()) != 0) {
    return fail_errno(Errc::cannot_create, errno, "cannot create " + layout.ended());
  }
  return sync_directory(layout.directory());
}

Result<void> release_fence(const Layout& layout) {
  if (::unlink(layout.fence().c_str()) != 0) {
    return fail_errno(errno, "cannot remove " + layout.fence());
  }
  return sync_directory(layout.fences());
}

Result<bool> take_fence(const Layout& layout, const Holder& holder) {
  const std::string own = layout.directory() + "/holder." + holder.nonce;
  CP_TRY(publish(own, encode(holder)));
  const bool linked = ::link(own.c_str(), layout.fence().c_str()) == 0;
  const int error = errno;
  ::unlink(own.c_str());
  if (!linked && error != EEXIST) {
    return fail_errno(Errc::cannot_create, error, "cannot take " + layout.fence());
  }
  const auto present = read_holder(layout.fence());
  if (!present || present->nonce != holder.nonce) {
    return false;
  }
  CP_TRY(sync_directory(layout.fences()));
  return true;
}

}  // namespace cp::provider::local
