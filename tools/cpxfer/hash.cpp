// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "cli/context.hpp"
#include "cpxfer.hpp"
#include "model/json.hpp"
#include "named_places.hpp"
#include "reach.hpp"
#include "screen.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/far_sums.hpp"
#include "transfer/record.hpp"
#include "transfer/report.hpp"
#include "transfer/tree_sum.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <mutex>

namespace cpxfer {
namespace {

using cp::Errc;
using cp::cli::Column;
using cp::cli::Context;
using cp::cli::Output;
using cp::cli::Show;
using cp::model::Json;
namespace transfer = cp::transfer;

constexpr std::array kHashColumns{Column{"DIGEST", "value", Show::id},
                                  Column{"FILES", "files", Show::count},
                                  Column{"BYTES", "bytes", Show::bytes}, Column{"PATH", "path"}};

// Of what a far end lists at most.
constexpr std::size_t kFarTextBytes = std::size_t{128} << 20U;

struct FileSum {
  std::string path;  ///< as the user would write it
  std::uint64_t bytes = 0;
  std::string sum;
};

/// Keeps what was summed: of all the tree's digest, of files their sums when EACH is asked for.
class Collecting final : public transfer::SumSink {
 public:
  Collecting(bool each, transfer::Tally& tally) : each_(each), tally_(tally) {}

  void summed(const transfer::Source& source, const transfer::Entry& entry,
              const std::string& sum) override {
    add(entry, sum, source.show(entry.path));
  }
  void failed(const transfer::Source& source, const transfer::Entry& entry,
              const cp::Error& error) override {
    tally_.failed({.path = source.show(entry.path), .error = error});
  }

  // What a far end says, which may be without end.
  cp::Result<void> take(const transfer::Summed& summed, std::size_t sum_bytes) {
    for (const auto& [entry, sum, from] : summed.items) {
      if (entry.type == transfer::EntryType::file && sum.size() != sum_bytes) {
        return cp::fail(Errc::protocol, "a sum of another kind than was asked for");
      }
      add(entry, sum, from);
    }
    return text_bytes_ <= kFarTextBytes
               ? cp::Result<void>()
               : with_hint(cp::fail(Errc::failed, "it has too many files for one list"),
                           "hash the directories in it one by one");
  }
  void failed(transfer::ItemFailed item) { tally_.failed(std::move(item)); }

  transfer::Digest digest() const { return tree_.digest(); }
  std::vector<FileSum> take_files() {
    std::ranges::sort(files_, {}, &FileSum::path);
    return std::move(files_);
  }

 private:
  const bool each_;
  transfer::Tally& tally_;
  transfer::SummedTree tree_;
  void add(const transfer::Entry& entry, const std::string& sum, const std::string& shown) {
    tree_.add(entry, sum);
    if (each_ && entry.type == transfer::EntryType::file) {
      const std::scoped_lock lock(mutex_);
      text_bytes_ += sizeof(FileSum) + shown.size() + sum.size();
      files_.push_back({shown, entry.size, sum});
    }
  }

  std::mutex mutex_;
  std::size_t text_bytes_ = 0;
  std::vector<FileSum> files_;
};

// A line of sha256sum(1): a name with a line break or backslash in it is escaped, and says so by a
// backslash in front.
std::string sum_line(const FileSum& file) {
  std::string name;
  for (const char c : file.path) {
    name += c == '\\' ? "\\\\" : c == '\n' ? "\\n" : c == '\r' ? "\\r" : std::string(1, c);
  }
  const char* mark = name == file.path ? "" : "\\";
  return mark + cp::text::to_hex(file.sum) + "  " + name;
}

void print(Output& output, const FileSum& file, transfer::SumKind kind) {
  if (output.form() == Output::Form::plain) {
    output.raw_line(sum_line(file));
    return;
  }
  output.record({{"schema", "cp.digest/1"},
                 {"path", cp::model::text_value(file.path)},
                 {"bytes", file.bytes},
                 {"algorithm", transfer::name_of(kind)},
                 {"value", cp::text::to_hex(file.sum)}});
}

// How a tree is summed, here or where it lies.
struct Hashing {
  transfer::SumKind kind = transfer::SumKind::xxh3_128_tree;
  int threads = 2;
};

cp::Result<void> sum(const Hashing& how, const transfer::Request& request, Collecting& sums,
                     transfer::Report& report, const std::stop_token& stop) {
  const auto tick = [&] { report.tick(); };
  CP_TRY_ASSIGN(const auto place, transfer::parse_location(request.sources.front()));
  if (place.kind == transfer::Place::stream) {
    return cp::fail(Errc::usage, "a stream is not hashed; ./- is a file of that name");
  }
  if (place.is_remote()) {
    const std::size_t bytes = how.kind == transfer::SumKind::sha256 ? 32 : 16;
    return transfer::sum_far(
        request, place, how.kind,
        {.take = [&](const transfer::Summed& summed) { return sums.take(summed, bytes); },
         .begins = [](const transfer::SumBegun&) {},
         .failed = [&](transfer::ItemFailed item) { sums.failed(std::move(item)); },
         .tally = report.tally(),
         .tick = tick},
        stop);
  }
  CP_TRY_ASSIGN(const auto sources,
                transfer::open_sources(request.sources, transfer::Placement::inside));
  return transfer::sum_trees({.sources = sources, .kind = how.kind, .threads = how.threads}, sums,
                             report.tally(), tick, stop);
}

cp::Result<void> hash_one(Context& context, transfer::Request request, const Hashing& how,
                          const std::stop_token& stop) {
  const bool is_tree = how.kind == transfer::SumKind::xxh3_128_tree;
  const transfer::SumKind kind = how.kind;
  const std::string path = request.sources.front();
  CP_TRY(resolve_named_places(context, request));
  Screen screen(context, "hashing", "cannot hash");
  transfer::Report report(request, screen, "");
  Collecting sums(!is_tree || context.arguments().has("each"), report.tally());
  CP_TRY(sum(how, request, sums, report, stop));
  report.tick();
  Output& output = context.output();
  for (const FileSum& file : sums.take_files()) {
    print(output, file, kind);
  }
  // A digest of a part would look like one of the whole.
  if (is_tree && report.account().failed_count == 0) {
    output.record({{"schema", "cp.digest/1"},
                   {"path", cp::model::text_value(path)},
                   {"files", report.tally().files_placed.load()},
                   {"bytes", report.tally().bytes_placed.load()},
                   {"algorithm", transfer::name_of(kind)},
                   {"value", sums.digest().hex()}});
  }
  return {};
}

}  // namespace

cp::Result<int> hash(Context& context) {
  context.output(kHashColumns);
  const auto& arguments = context.arguments();
  const Hashing how{.kind = arguments.text("digest") == "sha256" ? transfer::SumKind::sha256
                                                                 : transfer::SumKind::xxh3_128_tree,
                    .threads = static_cast<int>(
                        std::clamp<std::int64_t>(arguments.integer("jobs").value_or(2), 1, 256))};
  transfer::Request request;
  CP_TRY(read_far(arguments, request));
  const auto stop = context.stop_on_signals();
  for (const std::string& path : arguments.operands()) {
    request.sources = {path};
    const auto hashed = hash_one(context, request, how, stop);
    if (context.stop_signal() != 0) {
      return 128 + context.stop_signal();
    }
    if (!hashed) {
      context.item_failed(hashed.error(), path);
    }
  }
  return context.failed_status();
}

}  // namespace cpxfer
