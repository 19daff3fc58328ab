// SPDX-License-Identifier: Apache-2.0
#include "market/downloading.hpp"

#include "base/file.hpp"
#include "net/http_client.hpp"
#include "net/http_url.hpp"

#include <utility>

namespace cp::market {

Result<void> download(const std::string& url, const std::string& path,
                      std::chrono::milliseconds deadline, std::stop_token stop, std::size_t most) {
  CP_TRY_ASSIGN(const net::HttpUrl parsed, net::HttpUrl::parse(url));
  CP_TRY(make_directories(parent_of(path), 0700));
  CP_TRY_ASSIGN(AtomicFile file, AtomicFile::create(path, 0600));
  net::HttpClient client({{}, {}, {parsed.origin()}});
  net::HttpCall call;
  call.url = url;
  call.timeout = deadline;
  call.most_bytes = most;
  CP_TRY_ASSIGN(
      const net::HttpAnswer answer,
      client.stream(
          call, [&](std::string_view piece) { return file.write(piece); }, std::move(stop)));
  if (answer.status == 404 || answer.status == 410) {
    return fail(Errc::not_found, "{}: there is no such catalog ({})", url, answer.status);
  }
  if (answer.status != 200) {
    return fail(Errc::unavailable, "{}: the server answers {}", url, answer.status);
  }
  return file.commit();
}

}  // namespace cp::market
