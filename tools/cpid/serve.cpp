// SPDX-License-Identifier: Apache-2.0
#include "access_log.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/signals.hpp"
#include "identity/head_keeper.hpp"
#include "identity/service.hpp"
#include "net/host_port.hpp"
#include "net/http_server.hpp"
#include "passphrase.hpp"
#include "resolving.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <sys/resource.h>
#include <thread>

namespace cpid {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::identity::Estate;
using cp::model::Json;
using cp::net::HttpSettings;

constexpr std::uint16_t kPort = 7030;
constexpr std::array kServerColumns{
    cp::cli::Column{"URL", "url", cp::cli::Show::id},
    cp::cli::Column{"PREFIX", "prefix"},
};

Result<void> read_tls(const Context& context, HttpSettings& settings) {
  const auto certificate = context.arguments().text("tls-cert");
  const auto key = context.arguments().text("tls-key");
  const bool is_loopback = settings.listen.address.is_loopback();
  if (certificate.has_value() != key.has_value()) {
    return cp::fail(Errc::usage, "--tls-cert and --tls-key belong together");
  }
  if (context.arguments().has("anonymous")) {
    return certificate || !is_loopback
               ? cp::fail(Errc::usage, "--anonymous is for a loopback address, without TLS")
               : Result<void>{};
  }
  if (!certificate) {
    return with_hint(cp::fail(Errc::usage, "a certificate and its key are missing"),
                     "--tls-cert FILE --tls-key FILE; --anonymous serves this machine in clear");
  }
  CP_TRY_ASSIGN(settings.certificate,
                cp::read_trusted_file(*certificate, cp::limits::config_bytes, false));
  CP_TRY_ASSIGN(settings.key, cp::read_trusted_file(*key, cp::limits::key_file_bytes, true));
  return {};
}

Result<std::size_t> at_least_one(const Context& context, const char* flag) {
  const std::int64_t value = context.arguments().integer(flag).value_or(0);
  if (value < 1) {
    return context.arguments().blame(flag,
                                     {Errc::usage, fmt::format("--{} wants 1 at least", flag), ""});
  }
  return static_cast<std::size_t>(value);
}

Result<HttpSettings> settings_of(const Context& context) {
  HttpSettings settings;
  CP_TRY_ASSIGN(const auto host,
                cp::net::parse_host_port(context.arguments().text("listen").value_or(""), kPort));
  CP_TRY_ASSIGN(const auto endpoints, cp::net::resolve(host));
  settings.listen = endpoints.front();
  CP_TRY_ASSIGN(settings.connections, at_least_one(context, "connections"));
  CP_TRY_ASSIGN(settings.connections_per_address, at_least_one(context, "connections-per-address"));
  CP_TRY_ASSIGN(settings.threads, at_least_one(context, "jobs"));
  CP_TRY(read_tls(context, settings));
  return settings;
}

// As many descriptors as this process may have: each connection is one.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// A thread's own view of the store. Key files are opened with nobody to ask.
Result<std::unique_ptr<Estate>> open_own_estate(Context& context) {
  cp::identity::Passphrase passphrase = passphrases(context);
  if (!context.arguments().has("passphrase-file")) {
    passphrase = [](const std::string& path) -> Result<std::string> {
      return with_hint(cp::fail(Errc::denied, "{} is encrypted", path),
                       "--passphrase-file names a file that holds its passphrase");
    };
  }
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  CP_TRY_ASSIGN(const std::string directory, cp::open_state_directory(paths));
  CP_TRY_ASSIGN(auto estate,
                Estate::open(directory, context.clock(), context.random(), std::move(passphrase)));
  // What is only read since the disk is full would be served as it is now for ever.
  if (estate->database.is_read_only()) {
    const auto writable = cp::store::Transaction::begin(estate->database);
    if (!writable && writable.error().code == Errc::io) {
      return tl::unexpected<cp::Error>(writable.error());
    }
  }
  CP_TRY(estate->require_authority());
  CP_TRY(cp::identity::require_accepted(*estate->authority));
  return estate;
}

// Sees to the server from time to time, and at once at a SIGHUP. Keeps the head fresh: without one
// nobody can tell a registry that stands still from one that was held back. Takes a certificate
// that was renewed on disk, and opens the log anew.
class Keeper {
 public:
  Keeper(const Context& context, Estate& estate, AccessLog* log)
      : context_(context), estate_(estate), log_(log) {}

  void look_at_head() {
    constexpr auto kLeast = std::chrono::seconds(60);
    const auto made = cp::identity::refresh_head(estate_, kLeast);
    if (!made && made.error().message != said_) {
      said_ = made.error().message;
      context_.warn(cp::Error{made.error().code, "no new head: " + said_, made.error().hint});
    }
  }

  // On any thread.
  void hang_up() {
    const std::scoped_lock lock(mutex_);
    has_hung_up_ = true;
    wake_.notify_all();
  }

  void run(cp::net::HttpServer& server, const HttpSettings& settings, const std::stop_token& stop) {
    constexpr auto kPause = std::chrono::seconds(10);
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      wake_.wait_for(lock, stop, kPause, [&] { return has_hung_up_ || stop.stop_requested(); });
      const bool is_due = std::exchange(has_hung_up_, false);
      lock.unlock();
      if (is_due) {
        renew(server, settings);
      }
      look_at_head();
      lock.lock();
    }
  }

 private:
  void renew(cp::net::HttpServer& server, HttpSettings settings) {
    if (const auto opened = log_ != nullptr ? log_->reopen() : Result<void>{}; !opened) {
      context_.warn(opened.error());
    }
    if (settings.key.empty()) {
      return;
    }
    auto renewed = read_tls(context_, settings);
    renewed = renewed ? server.renew(settings.certificate, settings.key) : renewed;
    if (renewed) {
      context_.note("new connections get the certificate that is there now");
    } else {
      context_.warn(cp::Error{renewed.error().code,
                              "the old certificate stays: " + renewed.error().message,
                              renewed.error().hint});
    }
  }

  const Context& context_;
  Estate& estate_;
  AccessLog* log_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool has_hung_up_ = false;
  std::string said_;
};

// Tells whoever runs the server what failed in it, of many alike one a minute. Safe on any thread.
class Complaints {
 public:
  explicit Complaints(const Context& context) : context_(context) {}

  void tell(std::string_view why) {
    constexpr auto kPause = std::chrono::minutes(1);
    const std::scoped_lock lock(mutex_);
    const auto now = context_.clock().steady();
    if (why != said_ || now - said_at_ >= kPause) {
      said_ = why;
      said_at_ = now;
      context_.warn("a request failed: " + said_);
    }
  }

 private:
  const Context& context_;
  std::mutex mutex_;
  std::string said_;
  cp::SteadyTime said_at_;
};

Result<void> announce(Context& context, const HttpSettings& settings,
                      const cp::net::HttpServer& server, const std::string& prefix) {
  const bool is_secure = !settings.key.empty();
  const std::string url = (is_secure ? "https://" : "http://") + server.address().to_string() + "/";
  cp::cli::Output& output = context.output(kServerColumns);
  output.record({{"schema", "cp.server/1"},
                 {"tool", "cpid"},
                 {"url", url},
                 {"tls", is_secure},
                 {"prefix", prefix}});
  if (!is_secure) {
    context.note("serving anybody on this machine, in clear text");
  }
  return output.flush();
}

}  // namespace

Result<int> serve(Context& context) {
  CP_TRY_ASSIGN(HttpSettings settings, settings_of(context));
  CP_TRY_ASSIGN(const auto estate, open_own_estate(context));
  std::unique_ptr<AccessLog> log;
  if (const auto path = context.arguments().text("access-log")) {
    log = std::make_unique<AccessLog>(*path, context.clock());
    CP_TRY(log->reopen());
  }
  Complaints complaints(context);
  settings.log = [&log, &complaints](const cp::net::HttpServed& served) {
    if (log) {
      log->write(served);
    }
    if (!served.why.empty()) {
      complaints.tell(served.why);
    }
  };
  cp::survive_closed_pipes();
  std::signal(SIGXFSZ, SIG_IGN);
  raise_descriptor_limit();
  Keeper keeper(context, *estate, log.get());
  const std::stop_token stop = context.stop_on_signals([&keeper] { keeper.hang_up(); });
  const auto counts = std::make_shared<cp::identity::ServiceCounts>();
  const auto carried = std::make_shared<cp::net::HttpCounts>();
  cp::identity::RegistryService::Options options;
  options.ttl = std::chrono::floor<std::chrono::seconds>(*context.arguments().duration("ttl"));
  options.is_private = context.arguments().has("private");
  CP_TRY_ASSIGN(options.limits.children, child_limits(context));
  const auto token_rate = cp::identity::parse_rate(*context.arguments().text("token-rate"));
  if (!token_rate) {
    return context.arguments().blame("token-rate", token_rate.error());
  }
  options.limits.token = *token_rate;
  const auto limiter = std::make_shared<cp::identity::RateLimiter>();
  CP_TRY_ASSIGN(auto counted, open_own_estate(context));
  CP_TRY_ASSIGN(const std::shared_ptr<cp::identity::StatusBoard> board,
                cp::identity::StatusBoard::open(std::move(counted)));
  const auto make = [&]() -> Result<std::unique_ptr<cp::net::HttpHandler>> {
    CP_TRY_ASSIGN(auto own, open_own_estate(context));
    // While a request waits for another writer, others of its thread wait as well.
    CP_TRY(own->database.execute("PRAGMA busy_timeout = 2000"));
    return std::make_unique<cp::identity::RegistryService>(std::move(own), options, limiter, board,
                                                           counts, carried);
  };
  CP_TRY_ASSIGN(const auto server,
                cp::net::HttpServer::open(settings, make, context.clock(), carried));
  keeper.look_at_head();
  const std::jthread keeping(
      [&](const std::stop_token& end) { keeper.run(*server, settings, end); });
  CP_TRY(announce(context, settings, *server, estate->authority->prefix));
  CP_TRY(server->run(stop));
  return 0;
}

}  // namespace cpid
