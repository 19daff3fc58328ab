// SPDX-License-Identifier: Apache-2.0
// Requests to a registry without a token, METHOD|TARGET|NAME: VALUE|…||BODY: whatever is asked,
// nothing is written, nothing breaks, and each answer is what it says it is.
#include "../fixed_clock.hpp"
#include "../temporary_directory.hpp"
#include "base/file.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "fuzz.hpp"
#include "identity/rate_limiter.hpp"
#include "identity/registry.hpp"
#include "identity/service.hpp"
#include "model/json.hpp"
#include "source_tree.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

using namespace cp::identity;
using cp::model::Json;
using cp::net::HttpReply;
using cp::net::HttpRequest;

namespace {

Json example(const std::string& name) {
  const std::string path = in_source_tree("tests/model/schema_examples/" + name + ".json");
  return cp::model::parse_json(cp::read_file(path, 1U << 20U).value()).value();
}

// A private registry that keeps the examples' chain and record, too.
struct World {
  TemporaryDirectory directory;
  FixedClock clock{"2026-11-22T08:30:10Z"};
  cp::KernelRandom random;
  std::unique_ptr<RegistryService> service;
  Estate* estate = nullptr;
  std::int64_t end = 0;

  World() {
    must(Registry::init(directory.path(), "0", "fuzz", clock, random).has_value(), "an authority");
    auto opened = Estate::open(directory.path(), clock, random).value();
    estate = opened.get();
    const Json root = example("cp.delegation-1.root");
    must(estate->trust.pin("86", PublicKey::from_jwk(root["keys"][0]).value(), clock.now())
             .has_value(),
         "the root is pinned");
    for (const char* name :
         {"cp.delegation-1.root", "cp.delegation-1", "cp.delegation-1.enterprise", "cp.head-1",
          "cp.resource-1", "cp.state-1"}) {
      must(estate->judge.accept(example(name))->holds(), name);
    }
    end = estate->registry().ledger().end()->seq;
    std::shared_ptr<StatusBoard> board =
        StatusBoard::open(Estate::open(directory.path(), clock, random).value()).value();
    service = std::make_unique<RegistryService>(std::move(opened), RegistryService::Options{},
                                                std::make_shared<cp::identity::RateLimiter>(),
                                                std::move(board), std::make_shared<ServiceCounts>(),
                                                std::make_shared<cp::net::HttpCounts>());
  }
};

World& world() {
  static World one;
  return one;
}

HttpRequest request_in(std::string_view text, bool& has_target) {
  HttpRequest request;
  auto parts = cp::text::split(text, '|');
  parts.resize(std::max<std::size_t>(parts.size(), 2));
  request.method = parts[0];
  has_target = read_target(request, parts[1]).has_value();
  std::size_t i = 2;
  for (; i < parts.size() && !parts[i].empty(); ++i) {
    const auto cut = cp::text::cut(parts[i], ':');
    request.headers.emplace_back(cut ? cut->before : parts[i],
                                 cut ? cp::text::trim(cut->after) : "");
  }
  for (++i; i < parts.size(); ++i) {
    request.body.append(request.body.empty() ? "" : "|").append(parts[i]);
  }
  return request;
}

void check(HttpReply reply) {
  must(reply.status >= 200 && reply.status < 500, "no request is a failure of the server's");
  bool is_json = false;
  for (const auto& [name, value] : reply.headers) {
    must(value.find_first_of("\r\n") == std::string::npos, "no header is broken in two");
    is_json = is_json || (name == "Content-Type" && value == "application/json");
  }
  must(!is_json || cp::model::parse_json(reply.body).has_value(), "JSON is JSON");
  for (int pieces = 0; reply.stream; ++pieces) {
    const auto piece = reply.stream->next();
    must(piece.has_value() && pieces < 100, "a stream comes to its end");
    if (piece->empty()) {
      break;
    }
    for (const std::string_view line : cp::text::split(*piece, '\n')) {
      must(line.empty() || cp::model::parse_json(line).has_value(), "each line is JSON");
    }
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World& here = world();
  bool has_target = false;
  const HttpRequest request = request_in(text_of(data, size), has_target);
  if (!has_target) {
    return 0;
  }
  (void)here.service->body_limit(request);
  HttpReply reply = here.service->answer(request);
  must(request.method != "PUT" || reply.status >= 400, "nobody writes without a token");
  check(std::move(reply));
  must(here.estate->registry().ledger().end()->seq == here.end, "nothing is written");
  return 0;
}
