// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "cli/context.hpp"
#include "cpxfer.hpp"
#include "model/json.hpp"
#include "screen.hpp"
#include "transfer/record.hpp"
#include "transfer/report.hpp"
#include "transfer/tree_sum.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <mutex>

namespace cpxfer {
namespace {

using cp::cli::Column;
using cp::cli::Context;
using cp::cli::Output;
using cp::cli::Show;
using cp::model::Json;
namespace transfer = cp::transfer;

constexpr std::array kHashColumns{Column{"DIGEST", "value", Show::id},
                                  Column{"FILES", "files", Show::count},
                                  Column{"BYTES", "bytes", Show::bytes}, Column{"PATH", "path"}};

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
    tree_.add(entry, sum);
    if (each_ && entry.type == transfer::EntryType::file) {
      const std::scoped_lock lock(mutex_);
      files_.push_back({source.show(entry.path), entry.size, sum});
    }
  }
  void failed(const transfer::Source& source, const transfer::Entry& entry,
              const cp::Error& error) override {
    tally_.failed({.path = source.show(entry.path), .error = error});
  }

  transfer::Digest digest() const { return tree_.digest(); }
  std::vector<FileSum> take_files() {
    std::ranges::sort(files_, {}, &FileSum::path);
    return std::move(files_);
  }

 private:
  const bool each_;
  transfer::Tally& tally_;
  transfer::SummedTree tree_;
  std::mutex mutex_;
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

cp::Result<void> hash_one(Context& context, const std::string& path, transfer::SumKind kind,
                          int threads, const std::stop_token& stop) {
  const bool is_tree = kind == transfer::SumKind::xxh3_128_tree;
  CP_TRY_ASSIGN(const auto sources, transfer::open_sources({path}, transfer::Placement::inside));
  transfer::Request request{.sources = {path}};
  Screen screen(context, "hashing", "cannot hash");
  transfer::Report report(request, screen, "");
  Collecting sums(!is_tree || context.arguments().has("each"), report.tally());
  const auto tick = [&] { report.tick(); };
  CP_TRY(transfer::sum_trees({.sources = sources, .kind = kind, .threads = threads}, sums,
                             report.tally(), tick, stop));
  tick();
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
  const auto kind = arguments.text("digest") == "sha256" ? transfer::SumKind::sha256
                                                         : transfer::SumKind::xxh3_128_tree;
  const auto threads = std::clamp<std::int64_t>(arguments.integer("jobs").value_or(2), 1, 256);
  const auto stop = context.stop_on_signals();
  for (const std::string& path : arguments.operands()) {
    const auto hashed = hash_one(context, path, kind, static_cast<int>(threads), stop);
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
