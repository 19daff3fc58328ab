// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "bytes_of.hpp"
#include "certificate.hpp"
#include "net/http_server.hpp"
#include "net/http_url.hpp"
#include "net/stop_fd.hpp"
#include "net/tcp_listener.hpp"
#include "temporary_directory.hpp"

#include "catch.hpp"
#include <algorithm>
#include <memory>
#include <string>
#include <thread>

using namespace cp::net;
using cp::Errc;
using cp::Result;

namespace {

class Zeros final : public HttpBody {
 public:
  explicit Zeros(int pieces) : left_(pieces) {}
  Result<std::string> next() override {
    return left_-- == 0 ? std::string() : std::string(100'000, '0');
  }

 private:
  int left_;
};

/// Answers as its path says.
class Oracle final : public HttpHandler {
 public:
  std::size_t body_limit(const HttpRequest&) override { return 1000; }
  HttpReply answer(const HttpRequest& request) override {
    const std::string& word = request.path.front();
    if (word == "redirect") {
      return {307, {{"Location", "http://127.0.0.1:9/elsewhere"}}, "over there", nullptr};
    }
    if (word == "long") {
      return {200, {}, "", std::make_unique<Zeros>(30)};
    }
    if (word == "missing") {
      return {404, {{"Cache-Control", "max-age=5"}}, "nothing", nullptr};
    }
    const std::string* authorization = request.header("Authorization");
    return {200,
            {{"ETag", "\"7\""}},
            request.method + " " + request.body + " " +
                (authorization == nullptr ? "-" : *authorization),
            nullptr};
  }
  HttpReply refuse(int status) override { return {status, {}, "", nullptr}; }
};

struct Served {
  cp::SystemClock clock;
  std::unique_ptr<HttpServer> server;
  std::jthread thread;

  explicit Served(HttpSettings settings = {}) {
    settings.listen = {IpAddress::loopback(Family::ipv4), 0};
    settings.threads = 1;
    auto opened = HttpServer::open(
        settings, [] { return std::make_unique<Oracle>(); }, clock, std::make_shared<HttpCounts>());
    REQUIRE(opened);
    server = std::move(*opened);
    thread = std::jthread([this](const std::stop_token& stop) { CHECK(server->run(stop)); });
  }
  std::string url(const std::string& path, const std::string& scheme = "http") const {
    return scheme + "://" + server->address().to_string() + path;
  }
};

HttpClient client(const std::string& authorities = "") {
  return HttpClient({authorities, AllowNet::parse({"127.0.0.0/8"}).value(), {}});
}

Errc code(const Result<HttpAnswer>& answer) {
  return answer ? Errc::internal : answer.error().code;
}

}  // namespace

TEST_CASE("what is no URL of a server is not asked") {
  for (const char* text :
       {"", "file:///etc/passwd", "ftp://a/", "https://", "https://user@host/", "https://a/#b",
        "https://a b/", "https://-oProxy/", "https://a\\b/", "http:/a", "gopher://a/",
        "https://a:0/", "https://a:70000/", "https://a\r\nX: y/"}) {
    CHECK(code(client().ask({.url = text})) == Errc::usage);
  }
  CHECK(HttpUrl::parse("HTTPS://A.Example/x?y=1")->to_string() == "https://a.example:443/x?y=1");
  CHECK(HttpUrl::parse("http://[::1]:80")->to_string() == "http://[::1]:80/");
  CHECK(HttpUrl::parse("https://a?q")->path == "/?q");
}

TEST_CASE("public addresses alone are allowed, unless a network is named") {
  const AllowNet usual;
  for (const char* text : {"127.0.0.1",
                           "10.1.2.3",
                           "172.16.0.1",
                           "192.168.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "0.0.0.0",
                           "224.0.0.1",
                           "255.255.255.255",
                           "192.0.0.170",
                           "198.18.0.1",
                           "::",
                           "::1",
                           "fe80::1",
                           "fec0::1",
                           "fc00::1",
                           "fd00:ec2::254",
                           "ff02::1",
                           "::ffff:10.0.0.1",
                           "::10.0.0.1",
                           "64:ff9b::a00:1",
                           "2002:a00:1::",
                           "2001::1",
                           "2001:db8::1"}) {
    INFO(text);
    CHECK(!usual.allows(IpAddress::parse(text).value()));
  }
  for (const char* text :
       {"1.1.1.1", "9.255.255.255", "11.0.0.0", "172.32.0.1", "2606:4700::1", "2a00:1450::1"}) {
    INFO(text);
    CHECK(usual.allows(IpAddress::parse(text).value()));
  }
  const AllowNet ours = AllowNet::parse({"10.1.0.0/16", "::1"}).value();
  CHECK(ours.allows(IpAddress::parse("10.1.2.3").value()));
  CHECK(ours.allows(IpAddress::parse("::1").value()));
  CHECK(!ours.allows(IpAddress::parse("10.2.0.1").value()));
  CHECK(ours.allows(IpAddress::parse("1.1.1.1").value()));
  CHECK(!AllowNet::parse({"everywhere"}));
}

TEST_CASE("the connected address must be allowed, whatever name it came from") {
  Served served;
  HttpClient strict({});
  CHECK(code(strict.ask({.url = served.url("/x")})) == Errc::denied);
  const std::string port = std::to_string(served.server->address().port);
  CHECK(code(strict.ask({.url = "http://localhost:" + port + "/x"})) == Errc::denied);
  HttpClient own({"", {}, {"http://127.0.0.1:" + port}});
  CHECK(own.ask({.url = served.url("/x")}));
  CHECK(code(own.ask({.url = "http://127.0.0.2:" + port + "/x"})) == Errc::denied);
  CHECK(client().ask({.url = "http://localhost:" + port + "/x"}));
}

TEST_CASE("clear text stays on this machine") {
  HttpClient open_minded({"", AllowNet::parse({"0.0.0.0/0"}).value(), {}});
  const auto refused = open_minded.ask({.url = "http://192.0.2.1/x"});
  CHECK(code(refused) == Errc::denied);
}

TEST_CASE("a redirect is an answer, and is not followed") {
  Served served;
  const auto answer = client().ask({.url = served.url("/redirect")});
  REQUIRE(answer);
  CHECK(answer->status == 307);
  CHECK(*answer->header("location") == "http://127.0.0.1:9/elsewhere");
  CHECK(answer->body == "over there");
}

TEST_CASE("bodies and headers are bounded") {
  Served served;
  HttpClient asking = client();
  CHECK(code(asking.ask({.url = served.url("/long")})) == Errc::bad_data);
  CHECK(asking.ask({.url = served.url("/long"), .most_bytes = 3'000'000})->body.size() ==
        3'000'000);
  CHECK(asking.ask({.url = served.url("/x")})->status == 200);

  auto listener = TcpListener::bind({IpAddress::loopback(Family::ipv4), 0});
  REQUIRE(listener);
  const std::jthread endless([&listener] {
    const auto never = StopFd::make({});
    auto stream = listener->accept(**never);
    const std::string field = "X-More: " + std::string(1000, 'm') + "\r\n";
    bool goes_on = stream && stream->send(bytes_of("HTTP/1.1 200 OK\r\n"));
    for (int lines = 0; goes_on && lines < 10'000; ++lines) {
      goes_on = stream->send(bytes_of(field)).has_value();
    }
  });
  CHECK(code(asking.ask({.url = "http://" + listener->local()->to_string() + "/x"})) ==
        Errc::protocol);
}

TEST_CASE("a stream goes to its sink, which may end it") {
  Served served;
  HttpClient asking = client();
  std::size_t bytes = 0;
  const HttpClient::Sink count = [&bytes](std::string_view piece) -> Result<void> {
    bytes += piece.size();
    return {};
  };
  const HttpCall call{.url = served.url("/long"), .is_long = true, .most_bytes = 1U << 30U};
  CHECK(asking.stream(call, count)->body.empty());
  CHECK(bytes == 3'000'000);
  const auto ended = asking.stream(
      call, [](std::string_view) -> Result<void> { return cp::fail(Errc::denied, "enough"); });
  CHECK(code(ended) == Errc::denied);
  // What is no 200 is an answer, not the stream.
  bytes = 0;
  const auto missing = asking.stream({.url = served.url("/missing")}, count);
  CHECK(missing->status == 404);
  CHECK(missing->body == "nothing");
  CHECK(bytes == 0);
}

TEST_CASE("a body and headers are sent, and no line end in a header") {
  Served served;
  HttpClient asking = client();
  const HttpCall put{.method = "PUT",
                     .url = served.url("/x"),
                     .headers = {{"Authorization", "Bearer abc"}},
                     .body = "document"};
  const auto answer = asking.ask(put);
  REQUIRE(answer);
  CHECK(answer->body == "PUT document Bearer abc");
  CHECK(*answer->header("etag") == "\"7\"");
  CHECK(asking.ask({.url = served.url("/x")})->body == "GET  -");
  HttpCall smuggled = put;
  smuggled.headers = {{"X-A", "b\r\nX-C: d"}};
  CHECK(code(asking.ask(smuggled)) == Errc::usage);
}

TEST_CASE("a server that is not there or says nothing is told apart") {
  std::string gone;
  {
    Served served;
    gone = served.url("/x");
  }
  CHECK(code(client().ask({.url = gone})) == Errc::unavailable);
  auto silent = TcpListener::bind({IpAddress::loopback(Family::ipv4), 0});
  REQUIRE(silent);
  CHECK(code(client().ask({.url = "http://" + silent->local()->to_string() + "/x",
                           .timeout = std::chrono::milliseconds(200)})) == Errc::timed_out);
}

TEST_CASE("a certificate is vouched for by the authority that was named, or pinned, or refused") {
  TemporaryDirectory directory;
  const auto made = make_certificate(directory.path(), "one", "IP:127.0.0.1");
  const auto other = make_certificate(directory.path(), "two", "IP:127.0.0.2");
  if (!made || !other) {
    CP_LEAVE_OUT("openssl(1) is not here");
    return;
  }
  HttpSettings settings;
  settings.certificate = cp::read_file(made->certificate, 65'536).value();
  settings.key = cp::read_file(made->key, 65'536).value();
  Served served(settings);
  const std::string url = served.url("/x", "https");
  CHECK(code(client().ask({.url = url})) == Errc::denied);
  CHECK(code(client(other->certificate).ask({.url = url})) == Errc::denied);
  CHECK(client(made->certificate).ask({.url = url})->status == 200);
  CHECK(code(client(directory.path() + "/none.pem").ask({.url = url})) == Errc::bad_config);
  // Another name than the certificate's.
  const std::string port = std::to_string(served.server->address().port);
  CHECK(code(client(made->certificate).ask({.url = "https://localhost:" + port + "/x"})) ==
        Errc::denied);

  HttpCall pinned{.url = url, .tls_key = made->tls_key};
  CHECK(client().ask(pinned)->status == 200);
  pinned.tls_key = other->tls_key;
  CHECK(code(client().ask(pinned)) == Errc::denied);
  // The pin counts, even where an authority vouches.
  CHECK(code(client(made->certificate).ask(pinned)) == Errc::denied);
  for (const char* text : {"sha256:", "sha256:00", "md5:00", "sha256:zz"}) {
    pinned.tls_key = text;
    CHECK(code(client().ask(pinned)) == Errc::bad_data);
  }
}

TEST_CASE("one that asks clear text of a TLS port gets no answer that counts") {
  TemporaryDirectory directory;
  const auto made = make_certificate(directory.path(), "one", "IP:127.0.0.1");
  if (!made) {
    CP_LEAVE_OUT("openssl(1) is not here");
    return;
  }
  HttpSettings settings;
  settings.certificate = cp::read_file(made->certificate, 65'536).value();
  settings.key = cp::read_file(made->key, 65'536).value();
  Served served(settings);
  CHECK(!client().ask({.url = served.url("/x")}));
  Served clear;
  CHECK(!client(made->certificate).ask({.url = clear.url("/x", "https")}));
}
