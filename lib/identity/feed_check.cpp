// SPDX-License-Identifier: Apache-2.0
#include "identity/feed_check.hpp"

#include "identity/authority.hpp"
#include "identity/canonical.hpp"
#include "identity/registry_store.hpp"
#include "identity/sha256.hpp"
#include "identity/standing.hpp"
#include "model/document.hpp"
#include "model/json.hpp"

#include <optional>

namespace cp::identity {
namespace {

using model::Json;

// The 32 bytes of "sha256:…".
std::optional<std::string> bytes_of_digest(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (!text.starts_with("sha256:") || text.size() != 7 + 64) {
    return std::nullopt;
  }
  std::string bytes;
  for (std::size_t at = 7; at < text.size(); at += 2) {
    const auto high = kDigits.find(text[at]);
    const auto low = kDigits.find(text[at + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) {
      return std::nullopt;
    }
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

CheckedLine bad_line(std::string problem) {
  CheckedLine line;
  line.problem = std::move(problem);
  return line;
}

CheckedLine no_store(const Error& error) {
  CheckedLine line;
  line.failure = error;
  return line;
}

// What stands in the entry itself, against what the line says of it.
std::string problem_of(const CheckedLine& line, const Json& entry) {
  const auto previous = bytes_of_digest(line.previous);
  const auto form = canonical(entry);
  if (!previous || !form || sha256_text(sha256({*previous, *form})) != line.hash) {
    return "the hash of entry " + std::to_string(line.seq) + " does not fit";
  }
  if (model::int_at(entry, "seq") != line.seq) {
    return "entry " + std::to_string(line.seq) + " has another number";
  }
  return "";
}

// Keys that ENTRY gives up.
std::vector<std::string> keys_retired_by(const Json& entry) {
  constexpr std::size_t kMost = 64;
  const std::string op = model::text_at(entry, "op").value_or("");
  const auto key = op == "revoke" ? model::text_at(entry, "key") : std::nullopt;
  std::vector<std::string> keys = key ? std::vector{*key} : std::vector<std::string>{};
  const Json* from = op == "rekey" ? model::find(entry, "from") : nullptr;
  for (const Json& one : from != nullptr && from->is_array() ? *from : Json::array()) {
    if (one.is_string() && keys.size() < kMost) {
      keys.push_back(one.get<std::string>());
    }
  }
  return keys;
}

// Whether DOCUMENT is what was entered under the digest NAME, as far as ENTRY has one.
bool is_what_was_entered(const Json& document, const Json& entry, std::string_view name) {
  const auto entered = model::text_at(entry, name);
  const auto digest = digest_of(document);
  return !entered || (digest && *digest == *entered);
}

CheckedLine check_entry(Json read, Judge& judge) {
  CheckedLine line;
  line.seq = model::int_at(read, "seq").value_or(0);
  line.hash = model::text_at(read, "hash").value_or("");
  line.previous = model::text_at(read, "previous").value_or("");
  line.kind = model::text_at(read, "kind").value_or("");
  const Json* entry = model::find(read, "entry");
  if (entry == nullptr || line.seq <= 0) {
    return bad_line("a line of its feed is no cp.entry");
  }
  line.problem = problem_of(line, *entry);
  line.id = model::text_at(*entry, "id").value_or("");
  line.record_seq = model::int_at(*entry, "record_seq").value_or(0);
  line.is_kept = model::text_at(*entry, "op") == "keep";
  line.retired = keys_retired_by(*entry);
  const auto document = read.find("document");
  if (document == read.end() || !line.problem.empty()) {
    line.record = model::text_at(*entry, "record").value_or("");
    return line;
  }
  const std::string other = "entry " + std::to_string(line.seq) + " brings another document";
  line.document = std::move(*document);
  if (!model::is_a(line.document, "cp.resource")) {
    line.problem = model::is_a(line.document, "cp.delegation") &&
                           !is_what_was_entered(line.document, *entry, "delegation")
                       ? other
                       : "";
    return line;
  }
  if (model::text_at(line.document, "id") != line.id ||
      model::int_at(line.document, "seq") != line.record_seq) {
    line.problem = other;
    return line;
  }
  auto verdict = judge.examine(line.document);
  if (verdict) {
    line.verdict = *std::move(verdict);
    line.text = model::to_line(line.document);
    // A signature that holds says enough. What was honest once must be what was entered then.
    const Standing standing = standing_of("cp.resource/1", line.verdict);
    if (standing != Standing::holds && standing != Standing::lie &&
        !is_what_was_entered(line.document, *entry, "record")) {
      line.problem = other;
    }
  } else {
    line.failure = verdict.error();
  }
  return line;
}

CheckedLine check_line(const std::string& text, Judge& judge) {
  auto read = model::parse_json(text, {"a feed"});
  if (!read) {
    return bad_line(read.error().message);
  }
  if (model::is_a(*read, "cp.head")) {
    // One that is too long is not held in memory until its turn comes.
    if (const auto fits = check_head_size(*read); !fits) {
      return bad_line("its head: " + fits.error().message);
    }
    CheckedLine line;
    line.is_head = true;
    line.document = *std::move(read);
    return line;
  }
  return model::is_a(*read, "cp.entry") ? check_entry(*std::move(read), judge)
                                        : bad_line("a line of its feed is no cp.entry");
}

}  // namespace

FeedChecker::FeedChecker(std::string state_directory, const Clock& clock, unsigned threads)
    : state_directory_(std::move(state_directory)),
      clock_(clock),
      most_threads_(std::max(1U, threads)) {}

FeedChecker::~FeedChecker() {
  {
    const std::scoped_lock lock(mutex_);
    is_over_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
  threads_.clear();
}

void FeedChecker::add(std::vector<std::string> lines) {
  auto chunk = std::make_unique<FeedChunk>();
  for (const std::string& line : lines) {
    chunk->bytes += line.size();
  }
  chunk->lines = std::move(lines);
  bytes_ += chunk->bytes;
  {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(chunk.get());
  }
  order_.push_back(std::move(chunk));
  changed_.notify_all();
  if (threads_.size() < std::min<std::size_t>(order_.size(), most_threads_)) {
    threads_.emplace_back([this] { work(); });
  }
}

std::unique_ptr<FeedChunk> FeedChecker::take() {
  if (order_.empty()) {
    return nullptr;
  }
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return order_.front()->is_done; });
  }
  auto chunk = std::move(order_.front());
  order_.pop_front();
  bytes_ -= chunk->bytes;
  return chunk;
}

void FeedChecker::work() {
  auto database = open_registry_database(state_directory_);
  std::optional<TrustStore> trust;
  std::optional<Judge> judge;
  if (database) {
    trust.emplace(*database);
    judge.emplace(*trust, clock_);
  }
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return is_over_ || !waiting_.empty(); });
    if (is_over_) {
      return;
    }
    FeedChunk* chunk = waiting_.front();
    waiting_.pop_front();
    lock.unlock();
    chunk->checked.reserve(chunk->lines.size());
    for (std::string& line : chunk->lines) {
      chunk->checked.push_back(judge ? check_line(line, *judge) : no_store(database.error()));
      chunk->checked.back().bytes = line.size();
      line = {};
    }
    lock.lock();
    chunk->is_done = true;
    changed_.notify_all();
  }
}

}  // namespace cp::identity
