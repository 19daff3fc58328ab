// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.hpp"

#include "base/text.hpp"
#include "net/curl.hpp"
#include "net/http_url.hpp"
#include "net/sockaddr.hpp"

#include <algorithm>
#include <cstring>
#include <unistd.h>

namespace cp::net {
namespace {

constexpr long kPatienceSeconds = 10;  // a long call that brings less than this is over
constexpr long kLeastBytesASecond = 100;

struct ListDeleter {
  const Curl* curl;
  void operator()(curl_slist* list) const { curl->free_list(list); }
};
using FieldList = std::unique_ptr<curl_slist, ListDeleter>;

// One call on its way; libcurl's callbacks work on it.
struct Call {
  const HttpCall& asked;
  const HttpUrl& url;
  const AllowNet& allow_net;
  bool is_own_origin;
  const HttpClient::Sink* sink;
  std::stop_token stop;
  HttpAnswer answer;
  std::size_t header_bytes = 0;
  std::size_t body_bytes = 0;
  std::optional<Error> refused;  // why a callback ended it

  std::size_t refuse(tl::unexpected<Error> error) {
    refused = std::move(error.value());
    return 0;
  }
};

// Whether a connection to ADDRESS is allowed: clear text stays on this machine.
Result<void> check_address(const Call& call, const IpAddress& address) {
  if (!call.url.is_secure && !address.is_loopback()) {
    return fail(Errc::denied, "{}: without TLS only loopback addresses are asked, not {}",
                call.url.origin(), address.to_string());
  }
  if (!call.is_own_origin && !call.allow_net.allows(address)) {
    return with_hint(fail(Errc::denied, "{}: the address {} is not allowed", call.url.origin(),
                          address.to_string()),
                     "allow_net names networks that others may send us to");
  }
  return {};
}

curl_socket_t open_socket(void* data, curlsocktype /*purpose*/, curl_sockaddr* wanted) {
  Call& call = *static_cast<Call*>(data);
  SocketAddress address;
  if (wanted->addrlen > sizeof(address.storage)) {
    return CURL_SOCKET_BAD;
  }
  std::memcpy(&address.storage, &wanted->addr, wanted->addrlen);
  address.length = wanted->addrlen;
  const auto endpoint = to_endpoint(address);
  if (!endpoint) {
    return CURL_SOCKET_BAD;
  }
  if (const auto allowed = check_address(call, endpoint->address); !allowed) {
    call.refused = allowed.error();
    return CURL_SOCKET_BAD;
  }
  call.refused.reset();  // an address before this one may have been refused
  return ::socket(wanted->family, wanted->socktype | SOCK_CLOEXEC, wanted->protocol);
}

std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* data) {
  Call& call = *static_cast<Call*>(data);
  const std::string_view line(bytes, size * count);
  call.header_bytes += line.size();
  if (call.header_bytes > limits::http_header_bytes) {
    return call.refuse(fail(Errc::protocol, "{}: its headers have more than {} bytes",
                            call.url.origin(), limits::http_header_bytes));
  }
  if (line.starts_with("HTTP/")) {
    call.answer.headers.clear();  // after a 100 Continue
    const auto words = text::split(line, ' ');
    const auto status = text::to_int(words.size() > 1 ? text::trim(words[1]) : "");
    call.answer.status = static_cast<int>(status.value_or(0));
  } else if (const auto field = text::cut(line, ':')) {
    call.answer.headers.emplace_back(text::lower(field->before),
                                     std::string(text::trim(field->after)));
  }
  return line.size();
}

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* data) {
  Call& call = *static_cast<Call*>(data);
  const std::string_view piece(bytes, size * count);
  call.body_bytes += piece.size();
  if (call.body_bytes > call.asked.most_bytes) {
    return call.refuse(fail(Errc::bad_data, "{}: its answer has more than {} bytes",
                            call.url.origin(), call.asked.most_bytes));
  }
  if (call.sink == nullptr || call.answer.status != 200) {
    call.answer.body += piece;
    return piece.size();
  }
  if (auto taken = (*call.sink)(piece); !taken) {
    return call.refuse(tl::unexpected<Error>(taken.error()));
  }
  return piece.size();
}

int stop_if_asked(void* data, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Call*>(data)->stop.stop_requested() ? 1 : 0;
}

Errc code_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return Errc::timed_out;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_ISSUER_ERROR:
      return Errc::denied;
    case CURLE_SSL_CACERT_BADFILE:
      return Errc::bad_config;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return Errc::unavailable;
    default:
      return Errc::protocol;
  }
}

// As libcurl wants a pinned key.
Result<std::string> pin_of(const std::string& tls_key) {
  constexpr std::string_view kAlgorithm = "sha256:";
  const std::string_view digits =
      std::string_view(tls_key).substr(std::min(tls_key.size(), kAlgorithm.size()));
  std::string bytes;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
    unsigned value = 0;
    for (const char digit : digits.substr(at, 2)) {
      const auto place = std::string_view("0123456789abcdef").find(digit);
      if (place == std::string_view::npos) {
        return fail(Errc::bad_data, "a tls_key is no sha256: and 64 hexadecimal digits");
      }
      value = value * 16 + static_cast<unsigned>(place);
    }
    bytes.push_back(static_cast<char>(value));
  }
  if (!tls_key.starts_with(kAlgorithm) || digits.size() != 64) {
    return fail(Errc::bad_data, "a tls_key is no sha256: and 64 hexadecimal digits");
  }
  return "sha256//" + text::to_base64(bytes);
}

Result<FieldList> fields_of(const Curl& curl, const HttpFields& fields) {
  FieldList list(nullptr, ListDeleter{&curl});
  for (const auto& [name, value] : fields) {
    const std::string line = name + ": " + value;
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return fail(Errc::usage, "a header has a line end in it");
    }
    curl_slist* longer = curl.append(list.get(), line.c_str());
    if (longer == nullptr) {
      return fail(Errc::internal, "libcurl has no memory");
    }
    (void)list.release();
    list.reset(longer);
  }
  return list;
}

}  // namespace

const std::string* HttpAnswer::header(std::string_view name) const {
  const auto found = std::ranges::find(
      headers, name, [](const auto& field) -> std::string_view { return field.first; });
  return found == headers.end() ? nullptr : &found->second;
}

struct HttpClient::State {
  struct Cleanup {
    const Curl* library;
    void operator()(CURL* easy) const { library->cleanup(easy); }
  };

  explicit State(Settings given) : settings(std::move(given)) {}

  Settings settings;
  std::shared_ptr<const Curl> curl;
  std::unique_ptr<CURL, Cleanup> handle{nullptr, Cleanup{nullptr}};

  Result<void> open() {
    if (handle) {
      return {};
    }
    CP_TRY_ASSIGN(curl, Curl::load());
    handle = {curl->init(), Cleanup{curl.get()}};
    return handle ? Result<void>{} : fail(Errc::internal, "libcurl has no memory");
  }

  template <class Value>
  bool set(CURLoption option, Value value) const {
    return curl->set(handle.get(), option, value) == CURLE_OK;
  }

  // What holds for every call.
  Result<void> set_rules(Call& call) const {
    curl->reset(handle.get());
    const bool done =
        set(CURLOPT_PROTOCOLS_STR, call.url.is_secure ? "https" : "http") &&
        set(CURLOPT_FOLLOWLOCATION, 0L) && set(CURLOPT_NOSIGNAL, 1L) && set(CURLOPT_PROXY, "") &&
        set(CURLOPT_NETRC, 0L) && set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1}) &&
        set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2}) &&
        set(CURLOPT_OPENSOCKETFUNCTION, &open_socket) && set(CURLOPT_OPENSOCKETDATA, &call) &&
        set(CURLOPT_HEADERFUNCTION, &take_header) && set(CURLOPT_HEADERDATA, &call) &&
        set(CURLOPT_WRITEFUNCTION, &take_body) && set(CURLOPT_WRITEDATA, &call) &&
        set(CURLOPT_XFERINFOFUNCTION, &stop_if_asked) && set(CURLOPT_XFERINFODATA, &call) &&
        set(CURLOPT_NOPROGRESS, 0L) && set(CURLOPT_USERAGENT, "cptools");
    return done ? Result<void>{} : fail(Errc::unavailable, "libcurl here lacks what is needed");
  }

  Result<void> set_vouchers(const HttpCall& call) const {
    if (call.tls_key.empty()) {
      // With a file of our own the system's directory must not vouch beside it.
      const bool done =
          settings.authorities.empty() || (set(CURLOPT_CAINFO, settings.authorities.c_str()) &&
                                           set(CURLOPT_CAPATH, static_cast<const char*>(nullptr)));
      return done ? Result<void>{}
                  : fail(Errc::bad_config, "{} cannot be used", settings.authorities);
    }
    CP_TRY_ASSIGN(const std::string pin, pin_of(call.tls_key));
    const bool done = set(CURLOPT_PINNEDPUBLICKEY, pin.c_str()) &&
                      set(CURLOPT_SSL_VERIFYPEER, 0L) && set(CURLOPT_SSL_VERIFYHOST, 0L);
    return done ? Result<void>{} : fail(Errc::unavailable, "libcurl here cannot pin a key");
  }

  bool set_time(const HttpCall& call) const {
    const long limit = static_cast<long>(call.timeout.count());
    return set(CURLOPT_CONNECTTIMEOUT_MS, limit) &&
           (call.is_long ? set(CURLOPT_LOW_SPEED_LIMIT, kLeastBytesASecond) &&
                               set(CURLOPT_LOW_SPEED_TIME, kPatienceSeconds)
                         : set(CURLOPT_TIMEOUT_MS, limit));
  }

  bool set_method(const HttpCall& call) const {
    if (call.method == "GET") {
      return set(CURLOPT_HTTPGET, 1L);
    }
    return set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size())) &&
           set(CURLOPT_POSTFIELDS, call.body.data()) &&
           set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
  }

  Result<HttpAnswer> run(const HttpCall& asked, const Sink* sink, std::stop_token stop) {
    CP_TRY_ASSIGN(const HttpUrl url, HttpUrl::parse(asked.url));
    CP_TRY(open());
    const bool is_own =
        std::ranges::find(settings.own_origins, url.origin()) != settings.own_origins.end();
    Call call{asked, url, settings.allow_net, is_own, sink, std::move(stop), {}, 0, 0, {}};
    CP_TRY(set_rules(call));
    CP_TRY(set_vouchers(asked));
    HttpFields headers = asked.headers;
    headers.emplace_back("Expect", "");
    CP_TRY_ASSIGN(const FieldList fields, fields_of(*curl, headers));
    const std::string address = url.to_string();
    if (!set_time(asked) || !set_method(asked) || !set(CURLOPT_HTTPHEADER, fields.get()) ||
        !set(CURLOPT_URL, address.c_str())) {
      return fail(Errc::unavailable, "libcurl here lacks what is needed");
    }
    return perform(call);
  }

  Result<HttpAnswer> perform(Call& call) const {
    char text[CURL_ERROR_SIZE] = "";
    (void)set(CURLOPT_ERRORBUFFER, &text[0]);
    const CURLcode code = curl->perform(handle.get());
    (void)set(CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
    if (call.refused) {
      return tl::unexpected<Error>(*std::move(call.refused));
    }
    if (code == CURLE_ABORTED_BY_CALLBACK) {
      return fail(Errc::unavailable, "{}: stopped", call.url.origin());
    }
    if (code != CURLE_OK) {
      return fail(code_of(code), "{}: {}", call.url.origin(),
                  text[0] != 0 ? &text[0] : curl->text_of(code));
    }
    long status = 0;
    (void)curl->get(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    call.answer.status = static_cast<int>(status);
    return std::move(call.answer);
  }
};

HttpClient::HttpClient(Settings settings) : state_(std::make_unique<State>(std::move(settings))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<HttpAnswer> HttpClient::ask(const HttpCall& call, std::stop_token stop) {
  return state_->run(call, nullptr, std::move(stop));
}

Result<HttpAnswer> HttpClient::stream(const HttpCall& call, const Sink& sink,
                                      std::stop_token stop) {
  return state_->run(call, &sink, std::move(stop));
}

}  // namespace cp::net
