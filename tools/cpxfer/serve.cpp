// SPDX-License-Identifier: Apache-2.0
#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/paths.hpp"
#include "base/signals.hpp"
#include "base/text.hpp"
#include "cli/context.hpp"
#include "cpxfer.hpp"
#include "net/host_port.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/server.hpp"
#include "transfer/stdio_server.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <mutex>
#include <unistd.h>

namespace cpxfer {
namespace {

using cp::cli::Context;
namespace transfer = cp::transfer;

/// Says on stderr what sessions did, under -v.
class Log final : public transfer::ServerEvents {
 public:
  explicit Log(const Context& context) : context_(context) {}
  void session_ended(const cp::net::Endpoint& peer, std::string_view what) override {
    const std::scoped_lock lock(mutex_);
    context_.detail(fmt::format("{}: {}", peer.to_string(), what));
  }

 private:
  const Context& context_;
  std::mutex mutex_;
};

// Where journals of finished transfers are kept; without one, what is done is forgotten.
std::string archive() {
  const auto paths = cp::paths_from_environment();
  return paths ? cp::path_join(paths->state, "transfers/done") : "";
}

cp::Result<transfer::ServerSettings> settings_of(const cp::cli::Arguments& arguments) {
  if (!arguments.has("anonymous")) {
    return with_hint(
        cp::fail(cp::Errc::unavailable, "service with keys and encryption is not there yet"),
        "--anonymous serves anybody on this machine, in clear text");
  }
  const std::int64_t sessions = arguments.integer("sessions").value_or(0);
  if (sessions < 1) {
    return cp::fail(cp::Errc::usage, "--sessions wants at least 1");
  }
  const std::string listen = arguments.text("listen").value_or("");
  CP_TRY_ASSIGN(const auto host, cp::net::parse_host_port(listen, transfer::default_port));
  CP_TRY_ASSIGN(const auto addresses, cp::net::resolve(host));
  return transfer::ServerSettings{
      .listen = addresses.front(),
      .root = arguments.text("root").value_or("."),
      .sessions = static_cast<std::size_t>(sessions),
      .silence = arguments.duration("timeout").value_or(std::chrono::seconds(30)),
      .archive = archive()};
}

// sshd says which two ends its connection has: "CLIENT PORT SERVER PORT".
std::string reached_at() {
  const char* const value = std::getenv("SSH_CONNECTION");  // NOLINT(concurrency-mt-unsafe)
  const auto words = cp::text::split(value == nullptr ? "" : value, ' ');
  return words.size() == 4 ? std::string(words[2]) : "";
}

// What ssh starts at the far end of a transfer: its standard output carries the session alone.
cp::Result<int> serve_one(Context& context) {
  cp::survive_closed_pipes();
  cp::UniqueFd in(::fcntl(0, F_DUPFD_CLOEXEC, 3));
  cp::UniqueFd out(::fcntl(1, F_DUPFD_CLOEXEC, 3));
  const cp::UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!in || !out || !nothing || ::dup2(nothing.get(), 0) < 0 || ::dup2(nothing.get(), 1) < 0) {
    return cp::fail_errno(errno, "cannot take standard input and output over");
  }
  const auto stop = context.stop_on_signals(true);
  const auto silence = context.arguments().duration("timeout").value_or(std::chrono::seconds(30));
  CP_TRY_ASSIGN(const std::string what,
                transfer::serve_stdio(std::move(in), std::move(out), context.random(), silence,
                                      reached_at(), archive(), stop));
  context.detail(what);
  return 0;
}

}  // namespace

cp::Result<int> serve(Context& context) {
  if (context.arguments().has("stdio")) {
    return serve_one(context);
  }
  CP_TRY_ASSIGN(const auto settings, settings_of(context.arguments()));
  std::signal(SIGXFSZ, SIG_IGN);
  const auto stop = context.stop_on_signals();
  Log log(context);
  CP_TRY_ASSIGN(const auto server, transfer::Server::open(settings, context.random(), log));
  CP_TRY_ASSIGN(const auto address, server->address());
  // For people and for scripts that started us with port 0; not quiet under -q.
  context.warn(fmt::format("listening on cpx://{}/ for anybody on this machine, in clear text",
                           address.to_string()));
  CP_TRY(server->run(stop));
  return 0;
}

}  // namespace cpxfer
