// SPDX-License-Identifier: Apache-2.0
#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/paths.hpp"
#include "base/signals.hpp"
#include "base/text.hpp"
#include "cli/context.hpp"
#include "cpxfer.hpp"
#include "identity/estate.hpp"
#include "identity/token.hpp"
#include "net/host_port.hpp"
#include "net/tls.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/grants.hpp"
#include "transfer/preface.hpp"
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

/// The tokens of this machine's trust, judged on whatever thread.
class TokenDesk {
 public:
  static cp::Result<std::shared_ptr<TokenDesk>> open(Context& context,
                                                     const std::string& audience) {
    CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
    CP_TRY_ASSIGN(const std::string directory, cp::open_state_directory(paths));
    CP_TRY_ASSIGN(auto estate,
                  cp::identity::Estate::open(directory, context.clock(), context.random()));
    CP_TRY_ASSIGN(auto spending, transfer::Spending::open(cp::path_join(directory, "spending.db")));
    return std::make_shared<TokenDesk>(std::move(estate), std::move(spending), audience);
  }
  TokenDesk(std::unique_ptr<cp::identity::Estate> estate,
            std::unique_ptr<transfer::Spending> spending, const std::string& audience)
      : estate_(std::move(estate)),
        spending_(std::move(spending)),
        judge_(estate_->judge, estate_->trust, estate_->clock, audience) {}

  transfer::Spending& spending() { return *spending_; }
  cp::Result<cp::identity::Token> judge(std::string_view compact) {
    const std::scoped_lock lock(mutex_);
    return judge_.check(compact);
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<cp::identity::Estate> estate_;
  std::unique_ptr<transfer::Spending> spending_;
  cp::identity::TokenJudge judge_;
};

// Who may come, and how: TLS with tokens, or anybody on this machine.
cp::Result<std::shared_ptr<TokenDesk>> secure(Context& context,
                                              transfer::ServerSettings& settings) {
  const cp::cli::Arguments& arguments = context.arguments();
  const auto certificate = arguments.text("tls-cert");
  const auto key = arguments.text("tls-key");
  if (arguments.has("anonymous")) {
    return certificate || key ? cp::Result<std::shared_ptr<TokenDesk>>(
                                    cp::fail(cp::Errc::usage, "--anonymous is without TLS"))
                              : nullptr;
  }
  if (!certificate || !key) {
    return with_hint(cp::fail(cp::Errc::usage, "a certificate and its key are missing"),
                     "--tls-cert FILE --tls-key FILE; --anonymous serves this machine in clear");
  }
  const std::string audience = arguments.text("audience").value_or("");
  if (!cp::identity::is_audience(audience)) {
    return cp::fail(cp::Errc::usage, "--audience wants the code that tokens are for");
  }
  CP_TRY_ASSIGN(const std::string chain,
                cp::read_trusted_file(*certificate, cp::limits::config_bytes, false));
  CP_TRY_ASSIGN(const std::string secret,
                cp::read_trusted_file(*key, cp::limits::key_file_bytes, true));
  CP_TRY_ASSIGN(settings.tls, cp::net::TlsContext::server(chain, secret, transfer::tls_protocol));
  CP_TRY_ASSIGN(auto desk, TokenDesk::open(context, audience));
  settings.judge_token = [desk](std::string_view compact) { return desk->judge(compact); };
  settings.spending = &desk->spending();
  return desk;
}

cp::Result<transfer::ServerSettings> settings_of(const cp::cli::Arguments& arguments) {
  const std::int64_t sessions = arguments.integer("sessions").value_or(0);
  if (sessions < 1) {
    return cp::fail(cp::Errc::usage, "--sessions wants at least 1");
  }
  const std::string listen = arguments.text("listen").value_or("");
  CP_TRY_ASSIGN(const auto host, cp::net::parse_host_port(listen, transfer::default_port));
  CP_TRY_ASSIGN(const auto addresses, cp::net::resolve(host));
  return transfer::ServerSettings{
      .listen = addresses.front(),
      .tls = nullptr,
      .judge_token = nullptr,
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
  CP_TRY_ASSIGN(auto settings, settings_of(context.arguments()));
  CP_TRY_ASSIGN(const auto desk, secure(context, settings));
  std::signal(SIGXFSZ, SIG_IGN);
  const auto stop = context.stop_on_signals();
  Log log(context);
  CP_TRY_ASSIGN(const auto server, transfer::Server::open(settings, context.random(), log));
  CP_TRY_ASSIGN(const auto address, server->address());
  // For people and for scripts that started us with port 0; not quiet under -q.
  context.warn(
      fmt::format("listening on cpx://{}/ for {}", address.to_string(),
                  desk ? "whoever has a token, by TLS" : "anybody on this machine, in clear text"));
  CP_TRY(server->run(stop));
  return 0;
}

}  // namespace cpxfer
