// SPDX-License-Identifier: Apache-2.0
#include "net/http_server.hpp"

#include "base/text.hpp"
#include "bytes_of.hpp"
#include "net/tcp_stream.hpp"

#include "catch.hpp"
#include <atomic>
#include <memory>
#include <string>
#include <thread>

using namespace cp::net;
using cp::Errc;
using cp::Result;

namespace {

/// A clock that other threads may read while a test moves it.
class SharedClock final : public cp::Clock {
 public:
  cp::UnixTime now() const override { return cp::UnixTime(std::chrono::nanoseconds(ns_.load())); }
  cp::SteadyTime steady() const override {
    return cp::SteadyTime(std::chrono::nanoseconds(ns_.load()));
  }
  void move(std::chrono::nanoseconds by) { ns_ += by.count(); }

 private:
  std::atomic<std::int64_t> ns_{1};
};

class Letters final : public HttpBody {
 public:
  explicit Letters(int pieces) : left_(pieces) {}
  Result<std::string> next() override {
    if (left_ < 0) {
      return cp::fail(Errc::io, "the disk is gone");
    }
    return left_-- == 0 ? std::string() : std::string(100'000, 'x');
  }

 private:
  int left_;
};

/// Says what it was asked; takes bodies of PUT only.
class Echo final : public HttpHandler {
 public:
  std::size_t body_limit(const HttpRequest& head) override {
    return head.method == "PUT" ? 1000 : 0;
  }
  HttpReply answer(const HttpRequest& request) override {
    if (request.path.front() == "stream") {
      return {200, {}, "", std::make_unique<Letters>(3)};
    }
    if (request.path.front() == "endless") {
      return {200, {}, "", std::make_unique<Letters>(1'000'000)};
    }
    if (request.path.front() == "broken") {
      return {200, {}, "", std::make_unique<Letters>(-1)};
    }
    if (request.path.front() == "bug") {
      throw std::runtime_error("a bug");
    }
    const std::string* where = request.parameter("where");
    return {200,
            {{"X-Peer", request.peer.to_string()}},
            cp::text::join(request.path, "|") + " " + (where == nullptr ? "-" : *where) + " " +
                request.body,
            nullptr};
  }
  HttpReply refuse(int status) override { return {status, {}, "refused", nullptr}; }
};

struct Running {
  SharedClock clock;
  std::shared_ptr<HttpCounts> counts = std::make_shared<HttpCounts>();
  std::unique_ptr<HttpServer> server;
  std::jthread thread;

  explicit Running(HttpSettings settings = {}) {
    settings.listen = {IpAddress::loopback(Family::ipv4), 0};
    settings.threads = 1;
    auto opened = HttpServer::open(
        settings, [] { return std::make_unique<Echo>(); }, clock, counts);
    REQUIRE(opened);
    server = std::move(*opened);
    thread = std::jthread([this](const std::stop_token& stop) { CHECK(server->run(stop)); });
  }
  TcpStream connect() const {
    auto stream = TcpStream::connect(server->address(), std::chrono::seconds(10), {});
    REQUIRE(stream);
    REQUIRE(stream->set_patience(std::chrono::seconds(20)));
    return std::move(*stream);
  }
};

void say(TcpStream& stream, const std::string& text) { REQUIRE(stream.send(bytes_of(text))); }

// What comes until TEXT has come, or the end.
std::string hear(TcpStream& stream, const std::string& text) {
  std::string heard;
  std::array<std::byte, 4096> buffer{};
  while (heard.find(text) == std::string::npos) {
    const auto count = stream.receive(buffer);
    if (!count || *count == 0) {
      break;
    }
    heard.append(reinterpret_cast<const char*>(buffer.data()), *count);
  }
  return heard;
}
const std::string kToTheEnd = "\x01 never said";

std::string ask(const Running& running, const std::string& request) {
  TcpStream stream = running.connect();
  say(stream, request);
  return hear(stream, kToTheEnd);
}

std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

template <class Condition>
bool comes_true(Condition condition) {
  for (int i = 0; i < 2000 && !condition(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

}  // namespace

TEST_CASE("what is no HTTP is not answered, or as a bad request") {
  const Running running;
  for (const std::string& garbage :
       {std::string("\x16\x03\x01\x02\n\n"), std::string("GET\r\n\r\n"),
        std::string("\r\n\r\n\r\n\r\nX\r\n\r\n"), std::string(3000, '\0') + "\r\n\r\n"}) {
    TcpStream stream = running.connect();
    say(stream, garbage);
    stream.end();
    CHECK_FALSE(has(hear(stream, kToTheEnd), "200 OK"));
  }
  CHECK(has(ask(running, get("/a")), "200 OK"));
}

TEST_CASE("a target that is malformed is a bad request") {
  const Running running;
  for (const char* target :
       {"/%", "/%4", "/%zz", "/a?b=%1", "a", "/1/2/3/4/5/6/7/8/9/1/2/3/4/5/6/7/8"}) {
    CHECK(has(ask(running, get(target)), "HTTP/1.1 400"));
  }
}

TEST_CASE("a body whose end others might see elsewhere is refused, and the connection closed") {
  const Running running;
  const std::string next = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const std::string& headers :
       {std::string("Content-Length: 3\r\nContent-Length: 40\r\n\r\nabc"),
        std::string("Content-Length: 3\r\ncontent-length: 3\r\n\r\nabc"),
        std::string("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        std::string("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        std::string("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
        std::string("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        std::string("Host: b\r\n\r\n"), std::string("Content-Length : 3\r\n\r\nabc")}) {
    const std::string heard = ask(running, "PUT /x HTTP/1.1\r\nHost: a\r\n" + headers + next);
    INFO(headers);
    CHECK(heard.starts_with("HTTP/1.1 400"));
    CHECK(!has(heard, "smuggled"));
  }
  CHECK(ask(running, "GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400"));
}

TEST_CASE("headers past the limit are refused") {
  const Running running;
  const std::string reply =
      ask(running, "GET /a HTTP/1.1\r\nHost: a\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n");
  CHECK_FALSE(has(reply, "200 OK"));
}

TEST_CASE("a body is refused where none is taken, and past its limit, told before or not") {
  const Running running;
  const std::string put = "PUT /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
  CHECK(has(ask(running,
                "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"),
            "HTTP/1.1 413"));
  CHECK(has(ask(running, put + "Content-Length: 104857600\r\n\r\n"), "HTTP/1.1 413"));
  CHECK(has(ask(running, put + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'x')),
            "HTTP/1.1 413"));
  CHECK(has(ask(running, put + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                             std::string(1001, 'x') + "\r\n0\r\n\r\n"),
            "HTTP/1.1 413"));
  CHECK(has(ask(running, put + "Content-Length: 1000\r\n\r\n" + std::string(1000, 'x')), "200 OK"));
  CHECK(comes_true([&] { return running.counts->body_bytes == 0; }));
}

TEST_CASE("a body without end is broken off") {
  const Running running;
  TcpStream stream = running.connect();
  say(stream, "PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "10000\r\n" + std::string(65536, 'x') + "\r\n";
  bool goes_on = true;
  for (int i = 0; i < 2000 && goes_on; ++i) {
    goes_on = stream.send(bytes_of(chunk)).has_value();
  }
  CHECK_FALSE(goes_on);
}

TEST_CASE("bodies that come in at once share a limit") {
  HttpSettings settings;
  settings.body_bytes = 900;
  const Running running(settings);
  const std::string head =
      "PUT /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 800\r\n\r\n";
  TcpStream first = running.connect();
  say(first, head + std::string(799, 'x'));
  REQUIRE(comes_true([&] { return running.counts->body_bytes == 799; }));
  CHECK(has(ask(running, head + std::string(800, 'x')), "HTTP/1.1 503"));
  say(first, "x");
  CHECK(has(hear(first, kToTheEnd), "200 OK"));
}

TEST_CASE("who is slow with headers, body or reading is broken off at an absolute deadline") {
  Running running;
  TcpStream silent = running.connect();
  TcpStream slow = running.connect();
  TcpStream late = running.connect();
  say(slow, "GET /a HTTP/1.1\r\nHost: a\r\n");
  say(late, "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n1");
  REQUIRE(comes_true([&] { return running.counts->body_bytes == 1; }));
  running.clock.move(std::chrono::seconds(19));
  say(slow, "X: y\r\n");
  say(late, "2");
  REQUIRE(comes_true([&] { return running.counts->body_bytes == 2; }));
  running.clock.move(std::chrono::seconds(2));
  CHECK(hear(silent, kToTheEnd).empty());
  CHECK_FALSE(has(hear(slow, kToTheEnd), "200 OK"));
  CHECK(running.counts->overdue == 2);
  running.clock.move(std::chrono::seconds(10));
  CHECK_FALSE(has(hear(late, kToTheEnd), "200 OK"));
  CHECK(comes_true([&] { return running.counts->open == 0; }));
  CHECK(has(ask(running, get("/a")), "200 OK"));
}

TEST_CASE("one address has only so many connections") {
  HttpSettings settings;
  settings.connections_per_address = 2;
  const Running running(settings);
  const TcpStream one = running.connect();
  {
    const TcpStream two = running.connect();
    REQUIRE(comes_true([&] { return running.counts->open == 2; }));
    CHECK_FALSE(has(ask(running, get("/a")), "200 OK"));
    CHECK(running.counts->crowded == 1);
  }
  REQUIRE(comes_true([&] { return running.counts->open == 1; }));
  CHECK(has(ask(running, get("/a")), "200 OK"));
}

TEST_CASE("one address has only so many replies that are made while they are sent") {
  HttpSettings settings;
  settings.streams_per_address = 1;
  const Running running(settings);
  {
    TcpStream first = running.connect();
    say(first, get("/endless"));
    REQUIRE(has(hear(first, "200 OK"), "200 OK"));
    const std::string second = ask(running, get("/stream"));
    CHECK(has(second, "HTTP/1.1 503"));
    CHECK(has(second, "Retry-After: 1"));
    CHECK(running.counts->held_off == 1);
    CHECK(has(ask(running, get("/a")), "200 OK"));
  }
  REQUIRE(comes_true([&] { return running.counts->open == 0; }));
  CHECK(has(ask(running, get("/stream")), "200 OK"));
}

TEST_CASE("a handler's exception is an internal error, and the next request is answered") {
  const Running running;
  CHECK(has(ask(running, get("/bug")), "HTTP/1.1 500"));
  CHECK(has(ask(running, get("/a")), "200 OK"));
}

TEST_CASE("a stream that fails does not look whole") {
  const Running running;
  CHECK_FALSE(has(ask(running, get("/broken")), "\r\n0\r\n\r\n"));
  const std::string whole = ask(running, get("/stream"));
  CHECK(whole.size() > 300'000);
  CHECK(whole.ends_with("\r\n0\r\n\r\n"));
}

TEST_CASE("segments, parameters and bodies come in decoded, one request after the other") {
  const Running running;
  TcpStream stream = running.connect();
  say(stream, "GET /v1/cp%3A86%2F1?where=a+%3E%20b&limit=1 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(has(hear(stream, "> b "), "v1|cp:86/1 a > b "));
  say(stream, "PUT /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  const std::string second = hear(stream, "hello");
  CHECK(has(second, "b - hello"));
  CHECK(has(second, "X-Peer: 127.0.0.1"));
  say(stream, "HEAD /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK_FALSE(has(hear(stream, kToTheEnd), "b - "));
}

TEST_CASE("an address that is taken is unavailable, and a certificate that is none is refused") {
  const Running running;
  HttpSettings settings;
  settings.listen = running.server->address();
  const auto make = [] { return std::make_unique<Echo>(); };
  CHECK(HttpServer::open(settings, make, running.clock, running.counts).error().code ==
        Errc::unavailable);
  settings.listen.port = 0;
  settings.certificate = settings.key = "-----BEGIN NOTHING-----\n";
  CHECK(HttpServer::open(settings, make, running.clock, running.counts).error().code ==
        Errc::bad_config);
}
