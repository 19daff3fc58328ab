// SPDX-License-Identifier: Apache-2.0
#include "net/http_worker.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "net/microhttpd.hpp"
#include "net/sockaddr.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <optional>
#include <unordered_map>

namespace cp::net {
namespace {

constexpr unsigned kPollMilliseconds = 250;  // how late a stop or a deadline is seen at most
constexpr std::size_t kPieceBytes = 32U << 10U;
// What a sender may go on to send of a body that is refused, so that he can read the reply.
constexpr std::size_t kSurplusBytes = 4U << 20U;

IpAddress address_in(const sockaddr* given) {
  SocketAddress address;
  std::memcpy(&address.storage, given,
              given->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  return to_endpoint(address).value_or(Endpoint{}).address;
}

bool is_internet(const sockaddr* given) {
  return given != nullptr && (given->sa_family == AF_INET || given->sa_family == AF_INET6);
}

// A streamed body on its way out; libmicrohttpd owns it.
struct ReplyStream {
  std::unique_ptr<HttpBody> body;
  AddressPlace place;
  SteadyTime* deadline;
  std::uint64_t* sent;
  const Clock* clock;
  std::chrono::seconds allowed;
  std::string piece;
  std::size_t at = 0;
};

// An exception is our bug; it must not cross a C library.
Result<std::string> next_piece(HttpBody& body) {
  try {
    return body.next();
  } catch (const std::exception& bug) {
    return fail(Errc::internal, "{}", bug.what());
  }
}

ssize_t read_stream(void* argument, std::uint64_t /*position*/, char* out, std::size_t room) {
  auto& stream = *static_cast<ReplyStream*>(argument);
  if (stream.at == stream.piece.size()) {
    auto next = next_piece(*stream.body);
    if (!next) {
      return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (next->empty()) {
      return MHD_CONTENT_READER_END_OF_STREAM;
    }
    stream.piece = *std::move(next);
    stream.at = 0;
    *stream.deadline = stream.clock->steady() + stream.allowed;
  }
  const std::size_t count = std::min(room, stream.piece.size() - stream.at);
  std::memcpy(out, stream.piece.data() + stream.at, count);
  stream.at += count;
  *stream.sent += count;
  return static_cast<ssize_t>(count);
}

void free_stream(void* argument) {
  const std::unique_ptr<ReplyStream> owned(static_cast<ReplyStream*>(argument));
}

}  // namespace

// Of a worker; not in its State, since clang takes a nested class for incomplete there.
namespace worker {

struct Exchange {
  HttpRequest request;
  bool has_begun = false;
  int refused = 0;  // the status, once it is clear that it will be refused
  std::size_t limit = 0;
  std::size_t surplus = 0;
  int status = 0;
  std::string who;
  std::string why;
};

struct Connection {
  int fd = -1;
  IpAddress address;
  SteadyTime deadline;
  SteadyTime since;         // it is idle, or its request has begun
  std::size_t charged = 0;  // of HttpCounts::body_bytes
  std::uint64_t sent = 0;   // of the reply's body
  std::optional<Exchange> exchange;
};

}  // namespace worker

// libmicrohttpd calls back on the thread that runs it, so nothing here is locked.
struct HttpWorker::State {
  using Exchange = worker::Exchange;
  using Connection = worker::Connection;

  HttpSettings settings;
  std::shared_ptr<const Microhttpd> library;
  std::unique_ptr<HttpHandler> handler;
  const Clock& clock;
  std::shared_ptr<HttpCounts> counts;
  HostLimits hosts;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections;
  MHD_Daemon* daemon = nullptr;
  SteadyTime next_look;
  bool is_draining = false;

  ~State() {
    if (daemon != nullptr) {
      library->stop_daemon(daemon);
    }
  }

  SteadyTime in(std::chrono::seconds time) const { return clock.steady() + time; }

  Connection* connection_of(MHD_Connection* connection) const {
    const auto* info = library->connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == nullptr ? nullptr : static_cast<Connection*>(info->socket_context);
  }

  void open_connection(MHD_Connection* connection, void** context) {
    auto made = std::make_unique<Connection>();
    const auto* fd = library->connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const auto* peer = library->connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    made->fd = fd == nullptr ? -1 : fd->connect_fd;
    if (peer != nullptr && is_internet(peer->client_addr)) {
      made->address = address_in(peer->client_addr);
    }
    made->deadline = in(settings.header_deadline);
    made->since = clock.steady();
    hosts.connections->add(made->address);
    ++counts->open;
    ++counts->accepted;
    *context = made.get();
    connections.emplace(made.get(), std::move(made));
  }

  void close_connection(void** context) {
    auto* connection = static_cast<Connection*>(*context);
    if (connection == nullptr) {
      return;
    }
    discharge(*connection);
    hosts.connections->remove(connection->address);
    --counts->open;
    connections.erase(connection);
    *context = nullptr;
  }

  void discharge(Connection& connection) {
    counts->body_bytes -= static_cast<std::int64_t>(connection.charged);
    connection.charged = 0;
  }

  void end_exchange(Connection& connection, bool is_whole) {
    discharge(connection);
    if (connection.exchange && settings.log) {
      const Exchange& exchange = *connection.exchange;
      settings.log({exchange.request, exchange.status, connection.sent,
                    clock.steady() - connection.since, exchange.who, exchange.why, is_whole});
    }
    connection.exchange.reset();
    connection.sent = 0;
    connection.since = clock.steady();
    connection.deadline = in(settings.header_deadline);
  }

  // Whoever has just connected may have a request on its way.
  void close_what_is_idle(SteadyTime now) {
    constexpr auto kGrace = std::chrono::seconds(1);
    for (const auto& [key, connection] : connections) {
      if (!connection->exchange && connection->since + kGrace <= now &&
          connection->deadline != SteadyTime::max()) {
        ::shutdown(connection->fd, SHUT_RDWR);
        connection->deadline = SteadyTime::max();
      }
    }
  }

  void break_off_what_is_overdue(SteadyTime now) {
    for (const auto& [key, connection] : connections) {
      if (connection->deadline <= now) {
        ++counts->overdue;
        ::shutdown(connection->fd, SHUT_RDWR);
        connection->deadline = SteadyTime::max();
      }
    }
  }

  MHD_Result take_head(MHD_Connection* carrier, Connection& connection, const char* method);
  MHD_Result take_body(Connection& connection, std::string_view bytes);
  MHD_Result send(MHD_Connection* carrier, Connection& connection, HttpReply reply);
  HttpReply reply_to(const Exchange& exchange);
};

namespace {

// Whether everybody on the way finds the end of the body in the same place (RFC 9112 §6.3): what a
// proxy takes for a body must not be a request here.
bool has_one_end(const HttpRequest& request) {
  const auto count = [&](std::string_view name) {
    return std::ranges::count_if(request.headers, [&](const auto& field) {
      return text::equal_ignoring_case(field.first, name);
    });
  };
  const auto lengths = count("Content-Length");
  const auto codings = count("Transfer-Encoding");
  const std::string* coding = request.header("Transfer-Encoding");
  // "Content-Length : 3" is one to some, and none to others.
  const bool has_blank = std::ranges::any_of(request.headers, [](const auto& field) {
    return field.first.find_first_of(" \t") != std::string::npos;
  });
  return !has_blank && lengths + codings <= 1 && count("Host") <= 1 &&
         (coding == nullptr || text::equal_ignoring_case(*coding, "chunked"));
}

MHD_Result keep_header(void* argument, MHD_ValueKind /*kind*/, const char* name,
                       const char* value) {
  auto& request = *static_cast<HttpRequest*>(argument);
  request.headers.emplace_back(name, value == nullptr ? "" : value);
  return MHD_YES;
}

}  // namespace

MHD_Result HttpWorker::State::take_head(MHD_Connection* carrier, Connection& connection,
                                        const char* method) {
  Exchange& exchange = *connection.exchange;
  exchange.has_begun = true;
  exchange.request.method = method;
  exchange.request.peer = connection.address;
  library->connection_values(carrier, MHD_HEADER_KIND, keep_header, &exchange.request);
  connection.deadline = in(settings.body_deadline);
  if (!has_one_end(exchange.request)) {
    return send(carrier, connection, handler->refuse(400));  // which closes the connection
  }
  exchange.limit = exchange.refused == 0 ? handler->body_limit(exchange.request) : 0;
  const std::string* length = exchange.request.header("Content-Length");
  if (length != nullptr && text::to_uint(*length).value_or(UINT64_MAX) > exchange.limit) {
    exchange.refused = exchange.refused == 0 ? 413 : exchange.refused;
    if (text::to_uint(*length).value_or(UINT64_MAX) > kSurplusBytes) {
      // A reply at the first call closes the connection, which is wanted here alone.
      return send(carrier, connection, handler->refuse(exchange.refused));
    }
  }
  return MHD_YES;
}

MHD_Result HttpWorker::State::take_body(Connection& connection, std::string_view bytes) {
  Exchange& exchange = *connection.exchange;
  std::string& body = exchange.request.body;
  const auto count = static_cast<std::int64_t>(bytes.size());
  if (exchange.refused == 0 && body.size() + bytes.size() > exchange.limit) {
    exchange.refused = 413;
  }
  if (exchange.refused == 0 &&
      counts->body_bytes + count > static_cast<std::int64_t>(settings.body_bytes)) {
    exchange.refused = 503;
  }
  if (exchange.refused != 0) {
    body.clear();
    body.shrink_to_fit();
    discharge(connection);
    exchange.surplus += bytes.size();
    return exchange.surplus > kSurplusBytes ? MHD_NO : MHD_YES;
  }
  counts->body_bytes += count;
  connection.charged += bytes.size();
  body.append(bytes);
  return MHD_YES;
}

HttpReply HttpWorker::State::reply_to(const Exchange& exchange) {
  if (exchange.refused != 0) {
    return handler->refuse(exchange.refused);
  }
  try {
    return handler->answer(exchange.request);
  } catch (const std::exception&) {
    // Our bug; it must not cross a C library, nor end the service of everybody else.
    return HttpReply{500, {}, {}, nullptr};
  }
}

MHD_Result HttpWorker::State::send(MHD_Connection* carrier, Connection& connection,
                                   HttpReply reply) {
  auto place = reply.stream ? AddressPlace::take(hosts.streams, connection.address) : std::nullopt;
  if (reply.stream && !place) {
    ++counts->held_off;
    reply = handler->refuse(503);
    reply.headers.emplace_back("Retry-After", "1");
  }
  connection.deadline = in(settings.reply_deadline);
  connection.exchange->status = reply.status;
  connection.exchange->who = std::move(reply.who);
  connection.exchange->why = std::move(reply.why);
  const bool has_body = connection.exchange->request.method != "HEAD";
  MHD_Response* response = nullptr;
  if (reply.stream) {
    auto stream = std::make_unique<ReplyStream>(ReplyStream{std::move(reply.stream),
                                                            *std::move(place),
                                                            &connection.deadline,
                                                            &connection.sent,
                                                            &clock,
                                                            settings.reply_deadline,
                                                            {},
                                                            0});
    response = library->response_from_callback(MHD_SIZE_UNKNOWN, kPieceBytes, read_stream,
                                               stream.release(), free_stream);
  } else {
    response =
        library->response_from_buffer(reply.body.size(), reply.body.data(), MHD_RESPMEM_MUST_COPY);
    connection.sent = has_body ? reply.body.size() : 0;
  }
  if (response == nullptr) {
    return MHD_NO;
  }
  if (is_draining) {
    reply.headers.emplace_back("Connection", "close");
  }
  MHD_Result done = MHD_YES;
  for (const auto& [name, value] : reply.headers) {
    // It takes no header with a line break in it.
    done = done == MHD_YES ? library->add_header(response, name.c_str(), value.c_str()) : done;
  }
  if (done == MHD_YES) {
    done = library->queue_response(carrier, static_cast<unsigned>(reply.status), response);
  }
  library->destroy_response(response);
  return done;
}

namespace {

// The calls of libmicrohttpd; CLS is the worker's State in each.
template <class State>
struct Calls {
  static State& state(void* cls) { return *static_cast<State*>(cls); }

  static MHD_Result accept(void* cls, const sockaddr* address, socklen_t /*length*/) {
    if (!is_internet(address) || state(cls).hosts.connections->has_room(address_in(address))) {
      return MHD_YES;
    }
    ++state(cls).counts->crowded;
    return MHD_NO;
  }

  static void notify_connection(void* cls, MHD_Connection* connection, void** context,
                                MHD_ConnectionNotificationCode code) {
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
      state(cls).open_connection(connection, context);
    } else {
      state(cls).close_connection(context);
    }
  }

  // The whole target as it came: what the library makes of it has lost each %2F.
  static void* take_target(void* cls, const char* target, MHD_Connection* carrier) {
    if (auto* connection = state(cls).connection_of(carrier)) {
      auto& exchange = connection->exchange.emplace();
      exchange.refused = read_target(exchange.request, target) ? 0 : 400;
      connection->since = state(cls).clock.steady();
    }
    return nullptr;
  }

  static std::size_t leave_as_it_is(void* /*cls*/, MHD_Connection* /*connection*/, char* text) {
    return std::strlen(text);
  }

  static MHD_Result take_request(void* cls, MHD_Connection* carrier, const char* /*url*/,
                                 const char* method, const char* /*version*/, const char* data,
                                 std::size_t* size, void** /*context*/) {
    auto* connection = state(cls).connection_of(carrier);
    if (connection == nullptr || !connection->exchange) {
      return MHD_NO;
    }
    if (!connection->exchange->has_begun) {
      return state(cls).take_head(carrier, *connection, method);
    }
    if (*size > 0) {
      const std::string_view bytes(data, *size);
      *size = 0;
      return state(cls).take_body(*connection, bytes);
    }
    return state(cls).send(carrier, *connection, state(cls).reply_to(*connection->exchange));
  }

  static void complete(void* cls, MHD_Connection* carrier, void** /*context*/,
                       MHD_RequestTerminationCode code) {
    if (auto* connection = state(cls).connection_of(carrier)) {
      state(cls).end_exchange(*connection, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    }
  }
};

template <class Function>
std::intptr_t as_value(Function* function) {
  return reinterpret_cast<std::intptr_t>(function);
}

}  // namespace

HttpWorker::HttpWorker(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpWorker::~HttpWorker() = default;

Result<std::unique_ptr<HttpWorker>> HttpWorker::start(
    const HttpSettings& settings, UniqueFd listener, std::unique_ptr<HttpHandler> handler,
    const Clock& clock, std::shared_ptr<HttpCounts> counts, HostLimits hosts) {
  CP_TRY_ASSIGN(auto library, Microhttpd::load());
  const bool is_secure = !settings.key.empty();
  if (is_secure && library->is_feature_supported(MHD_FEATURE_TLS) != MHD_YES) {
    return fail(Errc::unavailable, "the libmicrohttpd here has no TLS");
  }
  std::unique_ptr<State> state(new State{settings,
                                         std::move(library),
                                         std::move(handler),
                                         clock,
                                         std::move(counts),
                                         std::move(hosts),
                                         {}});
  void* const self = state.get();
  using C = Calls<State>;
  std::string key = settings.key;
  std::string certificate = settings.certificate;
  std::string priorities = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
  const auto most =
      static_cast<std::intptr_t>((settings.connections + settings.threads - 1) / settings.threads);
  const MHD_OPTION first_of_tls = is_secure ? MHD_OPTION_HTTPS_MEM_KEY : MHD_OPTION_END;
  std::array<MHD_OptionItem, 12> options{
      MHD_OptionItem{MHD_OPTION_LISTEN_SOCKET, listener.get(), nullptr},
      MHD_OptionItem{MHD_OPTION_CONNECTION_LIMIT, most, nullptr},
      MHD_OptionItem{MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                     static_cast<std::intptr_t>(limits::http_header_bytes), nullptr},
      MHD_OptionItem{MHD_OPTION_NOTIFY_CONNECTION, as_value(C::notify_connection), self},
      MHD_OptionItem{MHD_OPTION_NOTIFY_COMPLETED, as_value(C::complete), self},
      MHD_OptionItem{MHD_OPTION_URI_LOG_CALLBACK, as_value(C::take_target), self},
      MHD_OptionItem{MHD_OPTION_UNESCAPE_CALLBACK, as_value(C::leave_as_it_is), self},
      MHD_OptionItem{MHD_OPTION_STRICT_FOR_CLIENT, 1, nullptr},
      MHD_OptionItem{first_of_tls, 0, key.data()},
      MHD_OptionItem{MHD_OPTION_HTTPS_MEM_CERT, 0, certificate.data()},
      MHD_OptionItem{MHD_OPTION_HTTPS_PRIORITIES, 0, priorities.data()},
      MHD_OptionItem{MHD_OPTION_END, 0, nullptr}};
  const unsigned tls = is_secure ? static_cast<unsigned>(MHD_USE_TLS) : 0U;
  const unsigned flags = MHD_USE_EPOLL | MHD_USE_TURBO | tls;
  state->daemon = state->library->start_daemon(flags, 0, C::accept, self, C::take_request, self,
                                               MHD_OPTION_ARRAY, options.data(), MHD_OPTION_END);
  if (state->daemon == nullptr) {
    return is_secure ? fail(Errc::bad_config, "the TLS certificate and key cannot be used")
                     : fail(Errc::unavailable, "the HTTP server cannot start");
  }
  listener.release();
  return std::unique_ptr<HttpWorker>(new HttpWorker(std::move(state)));
}

Result<void> HttpWorker::turn() {
  if (state_->library->run_wait(state_->daemon, kPollMilliseconds) != MHD_YES) {
    return fail(Errc::io, "the HTTP server's event loop has failed");
  }
  const SteadyTime now = state_->clock.steady();
  if (now >= state_->next_look) {
    state_->break_off_what_is_overdue(now);
    state_->next_look = now + std::chrono::milliseconds(kPollMilliseconds);
  }
  return {};
}

Result<void> HttpWorker::run(const std::stop_token& leave, const std::stop_token& hurry) {
  state_->next_look = state_->clock.steady();
  while (!leave.stop_requested()) {
    CP_TRY(turn());
  }
  return drain(hurry);
}

Result<void> HttpWorker::drain(const std::stop_token& hurry) {
  const UniqueFd listener(state_->library->quiesce_daemon(state_->daemon));
  state_->is_draining = true;
  SteadyTime end = state_->in(state_->settings.renewal_drain);
  while (!state_->connections.empty() && state_->clock.steady() < end) {
    if (hurry.stop_requested()) {
      end = std::min(end, state_->in(state_->settings.drain));
    }
    state_->close_what_is_idle(state_->clock.steady());
    CP_TRY(turn());
  }
  return {};
}

}  // namespace cp::net
