// SPDX-License-Identifier: Apache-2.0
#include "transfer/verify.hpp"

#include "model/json.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/landing.hpp"
#include "transfer/limits.hpp"
#include "transfer/record.hpp"
#include "transfer/report.hpp"
#include "transfer/run_local.hpp"
#include "transfer/tree_sum.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

using model::Json;

constexpr auto kDifferent = Errc::failed;
constexpr int kThreads = 2;

std::string_view word_for(EntryType type) {
  switch (type) {
    case EntryType::directory:
      return "directory";
    case EntryType::link:
      return "symbolic link";
    case EntryType::file:
    case EntryType::hard_link:
      break;
  }
  return "file";
}

bool is_of_type(const struct stat& status, EntryType type) {
  switch (type) {
    case EntryType::directory:
      return S_ISDIR(status.st_mode);
    case EntryType::link:
      return S_ISLNK(status.st_mode);
    case EntryType::file:
    case EntryType::hard_link:
      break;
  }
  return S_ISREG(status.st_mode);
}

/// What stands where the items of a tree would land.
class Counterpart {
 public:
  Counterpart(const Landing& landing, std::string shown, std::stop_token stop)
      : landing_(landing),
        destination_{std::move(shown), reopened(landing.root), "", true},
        stop_(std::move(stop)) {}

  /// An error says how the counterpart of ENTRY, whose sum is SUM, is another.
  Result<void> check(const Entry& entry, const std::string& sum) const {
    const std::string place(landing_.place(entry.path));
    const auto fd = landing_.root.open_beneath(place, O_PATH);
    if (!fd) {
      return fail(kDifferent, "it is missing: {}", fd.error().message);
    }
    struct stat status {};
    if (::fstat(fd->get(), &status) != 0) {
      return fail_errno(errno, "its counterpart cannot be read");
    }
    if (!is_of_type(status, entry.type)) {
      return fail(kDifferent, "its counterpart is no {}", word_for(entry.type));
    }
    switch (entry.type) {
      case EntryType::directory:
        return {};
      case EntryType::link:
        return check_target(fd->get(), entry);
      case EntryType::file:
      case EntryType::hard_link:
        break;
    }
    return check_content(place, status, entry, sum);
  }

 private:
  static Confined reopened(const Confined& root) {
    return {UniqueFd(::fcntl(root.fd(), F_DUPFD_CLOEXEC, 0)), root.method()};
  }

  static Result<void> check_target(int fd, const Entry& entry) {
    std::string target(limits::path_bytes + 1, '\0');
    const ssize_t length = ::readlinkat(fd, "", target.data(), target.size());
    target.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    return target == entry.target ? Result<void>() : fail(kDifferent, "its target is another");
  }

  Result<void> check_content(const std::string& place, const struct stat& status,
                             const Entry& entry, const std::string& sum) const {
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size != entry.size) {
      return fail(kDifferent, "its counterpart has {} bytes, not {}", size, entry.size);
    }
    const Entry there{.path = place, .metadata = metadata_of(status), .size = size};
    thread_local std::vector<std::byte> buffer(limits::leaf_bytes);
    auto sum_there = sum_file(destination_, there, SumKind::xxh3_128_tree, kThreads, buffer, stop_);
    if (!sum_there) {
      return fail(sum_there.error().code, "its counterpart cannot be read: {}",
                  sum_there.error().message);
    }
    return *sum_there == sum ? Result<void>() : fail(kDifferent, "its content is another");
  }

  const Landing& landing_;
  const Source destination_;
  const std::stop_token stop_;
};

/// Compares each item as it is summed.
class Comparing final : public SumSink {
 public:
  Comparing(const Counterpart& counterpart, Tally& tally)
      : counterpart_(counterpart), tally_(tally) {}

  void summed(const Source& source, const Entry& entry, const std::string& sum) override {
    tree_.add(entry, sum);
    if (const auto same = counterpart_.check(entry, sum); !same) {
      failed(source, entry, same.error());
    }
  }
  void failed(const Source& source, const Entry& entry, const Error& error) override {
    ++different_;
    tally_.failed({.path = source.show(entry.path), .error = error});
  }

  std::uint64_t different() const { return different_; }
  Digest digest() const { return tree_.digest(); }

 private:
  const Counterpart& counterpart_;
  Tally& tally_;
  std::atomic<std::uint64_t> different_{0};
  SummedTree tree_;
};

Result<void> check_local(const Request& request) {
  for (const std::string& path : request.sources) {
    CP_TRY_ASSIGN(const Location source, parse_location(path));
    CP_TRY_ASSIGN(const Location destination, parse_location(request.destination));
    if (source.kind == Place::stream || destination.kind == Place::stream) {
      return fail(Errc::usage, "a stream is not compared; ./- is a file of that name");
    }
    if (source.is_remote() || destination.is_remote()) {
      return fail(Errc::unavailable, "this cpxfer compares what is on this machine alone");
    }
  }
  return {};
}

// Where SOURCES stand if they landed at REQUEST's destination; makes nothing.
Result<Landing> find_landing(const Request& request, const std::vector<Source>& sources) {
  const Incoming incoming = incoming_of(request, sources);
  CP_TRY_ASSIGN(const Plan plan, plan_landing(OpenGround(), request.destination, incoming));
  CP_TRY_ASSIGN(Confined root, Confined::open(plan.root));
  return Landing{.root = std::move(root),
                 .renamed_from = plan.renamed_to.empty() ? "" : incoming.name,
                 .renamed_to = plan.renamed_to};
}

}  // namespace

Result<Json> verify(const Request& request, Observer& observer, std::stop_token stop) {
  CP_TRY(check_local(request));
  CP_TRY_ASSIGN(const auto sources, open_sources(request.sources, request.placement));
  CP_TRY_ASSIGN(const Landing landing, find_landing(request, sources));
  Report report(request, observer, "");
  Tally& tally = report.tally();
  const Counterpart counterpart(landing, request.destination, stop);
  Comparing comparing(counterpart, tally);
  const auto tick = [&] { report.tick(); };
  CP_TRY(
      sum_trees({.sources = sources, .threads = kThreads, .walk = {.selection = request.selection}},
                comparing, tally, tick, stop));
  tick();
  return Json{{"schema", "cp.digest/1"},
              {"path", sources_of(request)},
              {"against", model::text_value(request.destination)},
              {"files", tally.files_found.load()},
              {"bytes", tally.bytes_found.load()},
              {"different", comparing.different()},
              {"algorithm", digest_algorithm},
              {"value", comparing.digest().hex()}};
}

}  // namespace cp::transfer
