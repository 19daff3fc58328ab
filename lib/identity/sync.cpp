// SPDX-License-Identifier: Apache-2.0
#include "identity/sync.hpp"

#include "base/units.hpp"
#include "identity/feed_check.hpp"
#include "identity/feed_doubts.hpp"
#include "identity/holding.hpp"
#include "identity/identifier.hpp"
#include "identity/learning.hpp"
#include "identity/resource_rules.hpp"
#include "identity/sha256.hpp"
#include "identity/standing.hpp"
#include "model/document.hpp"
#include "model/json.hpp"
#include "net/http_url.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <thread>

namespace cp::identity {
namespace {

using model::Json;
using store::Transaction;

constexpr std::size_t kLinesPerChunk = 256;
constexpr std::size_t kBytesPerChunk = limits::document_bytes / 4;
constexpr std::size_t kBytesUnderWay = 4 * limits::document_bytes;  // some 30 in memory for each
constexpr std::size_t kChunksUnderWay = 16;
constexpr unsigned kMostThreads = 16;
constexpr std::size_t kMaxAsked = 64;             // records that were not shown, in one run
constexpr std::size_t kMaxOwners = 8;             // who are looked for in one run
constexpr std::size_t kMaxRefusals = 100;         // that are told one by one
constexpr std::int64_t kMaxBehindHead = 100'000;  // entries that no head has confirmed

// The end of a run that found what it was looking for; no message is ever shown.
tl::unexpected<Error> broken_off() { return tl::unexpected<Error>(Error{Errc::failed, "", ""}); }

std::string in_words(const Verdict& verdict) {
  return verdict.message + " (" + verdict.reason + ")";
}

// Those that say they have signed DOCUMENT.
std::vector<std::string> signers_named_in(const Json& document) {
  const Json* proof = model::find(document, "proof");
  std::vector<std::string> keys;
  for (const Json& one : proof != nullptr && proof->is_array() ? *proof : Json::array()) {
    keys.push_back(model::text_at(one, "key").value_or(""));
  }
  if (keys.empty()) {
    keys.push_back(model::text_at(document, "proof.key").value_or(""));
  }
  return keys;
}

}  // namespace

// One run over one feed.
class FeedFollower {
 public:
  FeedFollower(Estate& estate, ResolverStore& store, RegistryClient& client,
               ResolverStore::Feed feed, std::string expected, SyncRun& run,
               const std::stop_token& stop)
      : estate_(estate),
        store_(store),
        client_(client),
        feed_(std::move(feed)),
        expected_(std::move(expected)),
        run_(run),
        stop_(stop),
        doubts_(store, feed_.url, feed_.confirmed.seq),
        began_at_(feed_.seq),
        checker_(estate.state_directory, estate.clock,
                 std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads)) {}

  Result<ResolverStore::Feed> follow() {
    const bool was_here = feed_.synced_at > UnixTime();
    feed_.tried_at = estate_.now();
    CP_TRY_ASSIGN(const bool begun, begin(was_here));
    // Where there is no WAL, a page that did not fit in memory would lock those out that check it.
    CP_TRY(estate_.database.execute("PRAGMA cache_spill = OFF"));
    while (begun && feed_.status.empty()) {
      CP_TRY(follow_page());
    }
    const std::scoped_lock lock(run_.writing);
    CP_TRY(store_.keep_feed(feed_));
    return feed_;
  }

  std::int64_t entries() const { return entries_; }
  std::vector<Refusal> take_refusals() { return std::move(refusals_); }

 private:
  // Both stores, which are written by one at a time.
  struct Writing {
    std::unique_lock<std::mutex> lock;
    Transaction documents;
    Transaction names;
  };

  // Never held while a registry is waited for.
  Result<Writing> begin_writing() {
    std::unique_lock lock(run_.writing);
    CP_TRY_ASSIGN(auto documents, Transaction::begin(estate_.database));
    CP_TRY_ASSIGN(auto names, Transaction::begin(store_.database()));
    held_.reset();
    grown_ = {};
    return Writing{std::move(lock), std::move(documents), std::move(names)};
  }

  // The cursor follows when what was taken is durable.
  Result<void> finish(Writing writing) {
    CP_TRY(held_ ? add_holding(estate_.database, feed_.prefix, grown_) : Result<void>{});
    CP_TRY(writing.documents.commit());
    CP_TRY(store_.keep_feed(feed_));
    return writing.names.commit();
  }

  void end(std::string_view status, std::string problem) {
    if (feed_.status.empty()) {
      feed_.status = status;
      feed_.problem = std::move(problem);
    }
  }

  // Whether HEAD, which is older than the newest one, was as new as any when this run began: then
  // another registry has shown the newer one since, which is no reason to blame this one.
  bool is_overtaken(const Json& head, const Verdict& verdict) const {
    const auto known = run_.heads.find(model::text_at(head, "prefix").value_or(""));
    return verdict.reason == "replay" &&
           (known == run_.heads.end() || model::int_at(head, "seq").value_or(0) >= known->second);
  }

  // Of a registry whose HEAD has VERDICT, which does not hold.
  std::string_view status_of(const Json& head, const Verdict& verdict, bool was_here) const {
    if (is_overtaken(head, verdict)) {
      return "stale";
    }
    const bool is_lie = standing_of("cp.head/1", verdict) == Standing::lie;
    return is_lie ? "lying" : was_here || verdict.reason == "expired" ? "stale" : "missing";
  }

  // Its delegations and its head.
  Result<bool> begin(bool was_here) {
    feed_.status.clear();
    feed_.problem.clear();
    auto bootstrap = client_.bootstrap(feed_.url, stop_);
    if (!bootstrap) {
      end(was_here ? "stale" : "missing", bootstrap.error().message);
      return false;
    }
    CP_TRY_ASSIGN(const Learned learned, learn_from(*bootstrap));
    if (feed_.seq > 0 && !learned.prefix.empty() && learned.prefix != feed_.prefix) {
      end("lying", "it was the registry of prefix " + feed_.prefix + ", and says now that it is " +
                       learned.prefix);
    } else if (learned.prefix == "0") {
      end("lying", "prefix 0 means nothing here");  // SECURITY §1: an aggregator refuses it
    } else if (!learned.prefix.empty() && !learned.head.holds()) {
      end(status_of(*model::find(*bootstrap, "head"), learned.head, was_here),
          "its head: " + in_words(learned.head));
    } else if (!learned.head_problem.empty()) {
      end("lying", learned.head_problem);
    } else if (learned.prefix.empty()) {
      end("missing", "it shows no head");
    } else if (!expected_.empty() && learned.prefix != expected_) {
      end("missing",
          "it is the registry of prefix " + learned.prefix + ", not of prefix " + expected_);
    } else {
      feed_.prefix = learned.prefix;
      feed_.head_seq = learned.head_seq;
      limits_ = run_.limits.of(feed_.prefix);
    }
    return feed_.status.empty();
  }

  // One page, kept piece by piece.
  Result<void> follow_page() {
    const std::int64_t before = feed_.seq;
    page_entries_ = 0;
    has_head_ = false;
    is_contradicted_ = false;
    const auto fetched = fetch_after(before);
    CP_TRY(taken_);
    CP_TRY(take_checked(0, 0));
    if (too_long_) {
      end("lying",
          fmt::format("entry {} has more than {} bytes", feed_.seq + 1, limits::document_bytes));
    }
    if (is_over_) {
      end("limited", fmt::format("it has sent {} in a day",
                                 units::show_bytes(static_cast<double>(limits_.bytes))));
    }
    if (is_contradicted_) {
      has_gone_back_ = true;
      CP_TRY(go_back());
    }
    if (stop_.stop_requested()) {
      return fail(Errc::unavailable, "{}: stopped", feed_.url);
    }
    if (is_contradicted_) {
      return {};  // from there anew
    }
    if (!fetched && !fetched.error().message.empty()) {
      end("stale", fetched.error().message);
    }
    return feed_.status.empty() ? finish_page(before) : Result<void>{};
  }

  // Has the page after the entry SINCE checked, and what was checked taken as it comes.
  Result<void> fetch_after(std::int64_t since) {
    std::vector<std::string> lines;
    std::size_t bytes = 0;
    const auto hand_in = [&]() -> Result<void> {
      bytes = 0;
      checker_.add(std::exchange(lines, {}));
      if (checker_.chunks_under_way() >= kChunksUnderWay ||
          checker_.bytes_under_way() >= kBytesUnderWay) {
        // Half stays: the threads that check have work while this one writes.
        taken_ = take_checked(kChunksUnderWay / 2, kBytesUnderWay / 2);
      }
      return taken_ && !is_at_end() ? Result<void>{} : broken_off();
    };
    const auto each = [&](std::string_view line) -> Result<void> {
      if (line.size() > limits::document_bytes) {
        too_long_ = true;
        return broken_off();
      }
      CP_TRY(use_traffic(line.size() + 1));
      lines.emplace_back(line);
      bytes += line.size();
      return lines.size() < kLinesPerChunk && bytes < kBytesPerChunk ? Result<void>{} : hand_in();
    };
    auto fetched = client_.feed(feed_.url, since, limits::feed_page_records, each, stop_);
    if ((fetched || is_over_ || too_long_) && !lines.empty()) {
      (void)hand_in();
    }
    return fetched;
  }

  bool is_at_end() const { return !feed_.status.empty() || is_contradicted_; }

  // Takes what was checked, until CHUNKS_LEFT and BYTES_LEFT are under way.
  Result<void> take_checked(std::size_t chunks_left, std::size_t bytes_left) {
    std::vector<std::unique_ptr<FeedChunk>> chunks;
    while (checker_.chunks_under_way() > chunks_left || checker_.bytes_under_way() > bytes_left) {
      chunks.push_back(checker_.take());
    }
    if (chunks.empty()) {
      return {};
    }
    CP_TRY_ASSIGN(Writing writing, begin_writing());
    for (const auto& chunk : chunks) {
      CP_TRY(apply(*chunk));
    }
    return finish(std::move(writing));
  }

  // A stranger's day has its bounds, whatever he sends.
  Result<void> use_traffic(std::size_t bytes) {
    if (feed_.traffic.use(limits_.traffic(), static_cast<double>(bytes), estate_.now())) {
      return {};
    }
    is_over_ = true;
    return broken_off();
  }

  // Whether the record of LINE may be kept beside the others.
  Result<bool> has_room(const CheckedLine& line) {
    if (!held_) {
      CP_TRY_ASSIGN(held_, holding_of(estate_.database, feed_.prefix));
    }
    const std::int64_t bytes = held_->bytes + grown_.bytes + static_cast<std::int64_t>(line.bytes);
    const std::int64_t records = held_->records + grown_.records;
    if (records < limits_.records && bytes <= limits_.bytes) {
      return true;
    }
    CP_TRY_ASSIGN(const auto old, estate_.trust.find(line.verdict.anchor, "cp.resource", line.id));
    const std::int64_t freed = old ? static_cast<std::int64_t>(old->text.size()) : 0;
    if (records >= limits_.records && !old) {
      end("limited", fmt::format("it has more than {} records", limits_.records));
    } else if (bytes - freed > limits_.bytes) {
      end("limited", fmt::format("its records have more than {}",
                                 units::show_bytes(static_cast<double>(limits_.bytes))));
    }
    return feed_.status.empty();
  }

  // Whether there is room for one more delegation that PREFIX has given, beside its records.
  // Counted is each child once: how long its delegation may be has its own bound.
  Result<bool> has_room_for(const Json& delegation, const std::string& prefix) {
    CP_TRY_ASSIGN(const bool is_new, is_new_child(delegation, prefix));
    if (!is_new) {
      return true;
    }
    if (!held_) {
      CP_TRY_ASSIGN(held_, holding_of(estate_.database, prefix));
    }
    const ChildLimits& most = run_.limits.of(prefix);
    const auto bytes = static_cast<std::int64_t>(model::to_line(delegation).size());
    if (held_->records + grown_.records >= most.records) {
      end("limited", fmt::format("it has more than {} records and delegations", most.records));
    } else if (held_->bytes + grown_.bytes + bytes > most.bytes) {
      end("limited", fmt::format("its records and delegations have more than {}",
                                 units::show_bytes(static_cast<double>(most.bytes))));
    } else {
      ++grown_.records;
      grown_.bytes += bytes;
    }
    return feed_.status.empty();
  }

  Result<bool> is_new_child(const Json& delegation, const std::string& prefix) {
    const std::string child = model::text_at(delegation, "prefix").value_or("");
    const auto anchor = estate_.judge.anchor_of(prefix);
    if (!is_prefix(prefix) || child == prefix || !is_prefix(child) || !is_within(child, prefix)) {
      return false;
    }
    CP_TRY_ASSIGN(const auto known,
                  estate_.trust.find(anchor ? *anchor : "", "cp.delegation", child));
    return !known;
  }

  Result<void> finish_page(std::int64_t before) {
    if (!has_head_) {
      end("gap", "its feed is not closed by a head");
    } else if (feed_.seq < feed_.head_seq && feed_.seq == before) {
      end("gap",
          fmt::format("its feed ends at entry {}, its head says {}", feed_.seq, feed_.head_seq));
    } else if (feed_.seq >= feed_.head_seq && page_entries_ < limits::feed_page_records) {
      CP_TRY(settle());
    }
    return {};
  }

  // Records that entries speak of must be shown. Whether an entry that no head has confirmed is
  // one of the ledger's is not known: it is asked for again.
  Result<void> miss_withheld() {
    CP_TRY_ASSIGN(auto missing, doubts_.withheld());
    const bool is_behind_head = std::ranges::any_of(
        missing, [&](const FeedDoubts::Withheld& one) { return one.entry > feed_.confirmed.seq; });
    if (is_behind_head) {
      CP_TRY(go_back());
      CP_TRY_ASSIGN(missing, doubts_.withheld());
    }
    if (!missing.empty()) {
      CP_TRY(ask_for(missing));
      CP_TRY_ASSIGN(missing, doubts_.withheld());
    }
    if (!missing.empty()) {
      end("gap", fmt::format("{} records were not shown, among them {}", missing.size(),
                             missing.front().subject));
    }
    return {};
  }

  // What its feed does not show, it may show to whoever asks; or it has come from elsewhere.
  Result<void> ask_for(const std::vector<FeedDoubts::Withheld>& missing) {
    std::vector<const FeedDoubts::Withheld*> elsewhere;
    CP_TRY_ASSIGN(Writing writing, begin_writing());
    for (const FeedDoubts::Withheld& one : missing) {
      CP_TRY_ASSIGN(const bool is_here, has_as_new(one.subject, one.record_seq));
      if (is_here) {
        CP_TRY(doubts_.show(one.subject, one.record_seq, one.entry));
      } else if (elsewhere.size() < kMaxAsked) {
        elsewhere.push_back(&one);
      }
    }
    CP_TRY(finish(std::move(writing)));
    for (const FeedDoubts::Withheld* one : elsewhere) {
      const auto reply = client_.ask(feed_.url, "v1/id/" + net::percent_encoded(one->subject),
                                     std::nullopt, stop_);
      if (!reply) {
        break;
      }
      CP_TRY(take_reply(*one, reply->document));
    }
    return {};
  }

  // DOCUMENT is what was shown of ONE, or a newer version that holds; anything else is nothing.
  Result<void> take_reply(const FeedDoubts::Withheld& one, const Json& document) {
    CheckedLine line;
    line.seq = one.entry;
    line.id = one.subject;
    line.record_seq = model::int_at(document, "seq").value_or(0);
    line.document = document;
    line.text = model::to_line(document);
    line.bytes = line.text.size();
    CP_TRY_ASSIGN(line.verdict, estate_.judge.examine(document));
    const auto digest = digest_of(document);
    const bool is_it = line.record_seq == one.record_seq && digest && *digest == one.record;
    if (model::text_at(document, "id") != one.subject || line.record_seq < one.record_seq ||
        (!line.verdict.holds() && !is_it)) {
      return {};
    }
    CP_TRY_ASSIGN(Writing writing, begin_writing());
    CP_TRY(take_record(line));
    return finish(std::move(writing));
  }

  // What the feed says here does not fit what it said before. Where no head had confirmed that,
  // it may have been anybody's: once in a run it is dropped. Else it is a lie, which PROBLEM tells.
  void contradict(std::string problem) {
    const bool is_old_tail = began_at_ > feed_.confirmed.seq && feed_.seq > feed_.confirmed.seq;
    if (is_old_tail && !has_gone_back_) {
      is_contradicted_ = true;
    } else {
      end("lying", std::move(problem));
    }
  }

  // To the last entry that a head has named.
  Result<void> go_back() {
    const ResolverStore::FeedPoint& point = feed_.confirmed;
    feed_.seq = point.seq;
    feed_.hash = point.hash;
    feed_.records = point.records;
    feed_.refused = point.refused;
    CP_TRY_ASSIGN(Writing writing, begin_writing());
    CP_TRY(
        store_.forget_points(feed_.url, feed_.seq + 1, std::numeric_limits<std::int64_t>::max()));
    CP_TRY(doubts_.go_back());
    return finish(std::move(writing));
  }

  ResolverStore::FeedPoint here() const {
    return {feed_.seq, feed_.hash, feed_.records, feed_.refused};
  }

  // What is known of the entry SEQ, of those that a head may name still.
  Result<std::optional<ResolverStore::FeedPoint>> point_at(std::int64_t seq) {
    if (seq == feed_.confirmed.seq) {
      return feed_.confirmed;
    }
    return seq == feed_.seq ? here() : store_.point_at(feed_.url, seq);
  }

  // A head that holds says that the entry SEQ has HASH.
  Result<void> confirm(std::int64_t seq, const std::string& hash) {
    if (seq > feed_.seq) {
      return {};  // that one has not come yet
    }
    if (seq < feed_.confirmed.seq) {
      end("lying", fmt::format("its head says {}, and entry {} was confirmed before", seq,
                               feed_.confirmed.seq));
      return {};
    }
    CP_TRY_ASSIGN(const auto point, point_at(seq));
    if (!point || point->hash != hash) {
      contradict("its head and its feed have different hashes");
      return {};
    }
    feed_.confirmed = *point;
    CP_TRY(store_.forget_points(feed_.url, 0, seq));
    return doubts_.confirm(seq);
  }

  // All of the ledger was seen: what it has not given up, somebody else has signed.
  Result<void> settle() {
    CP_TRY(miss_withheld());
    if (!feed_.status.empty()) {
      return {};
    }
    CP_TRY_ASSIGN(const auto doubts, doubts_.open());
    if (!doubts.empty()) {
      end("lying", doubts.front().subject + ": " + doubts.front().problem);
      return {};
    }
    CP_TRY_ASSIGN(const std::string missing, take_up());
    if (feed_.status.empty()) {
      feed_.synced_at = estate_.now();
      end("complete", missing);
    }
    return {};
  }

  // Judges what was put off with what is known now. Gives what is missing for that still.
  Result<std::string> take_up() {
    CP_TRY_ASSIGN(const auto waiting, doubts_.waiting());
    if (waiting.empty()) {
      return "";
    }
    CP_TRY(find_owners(waiting));
    CP_TRY_ASSIGN(Writing writing, begin_writing());
    std::size_t left = 0;
    std::string missing;
    for (const FeedDoubts::Unjudged& one : waiting) {
      CP_TRY_ASSIGN(const std::string problem, judge_again(one));
      left += problem.empty() ? 0U : 1U;
      missing = missing.empty() ? problem : missing;
    }
    CP_TRY(finish(std::move(writing)));
    return left < 2 ? missing : fmt::format("{}; and {} more", missing, left - 1);
  }

  // What ONE still lacks; "" when it was taken, or holds no more.
  Result<std::string> judge_again(const FeedDoubts::Unjudged& one) {
    CheckedLine line;
    CP_TRY_ASSIGN(line.document, model::parse_json(one.document, {"a record that was put off"}));
    CP_TRY_ASSIGN(line.verdict, estate_.judge.examine(line.document));
    const Standing standing = standing_of("cp.resource/1", line.verdict);
    if (standing == Standing::unjudged) {
      return one.subject + ": " + in_words(line.verdict);
    }
    if (one.entry > feed_.confirmed.seq && standing != Standing::holds) {
      CP_TRY(doubts_.forget(one.subject, one.entry));  // anybody may have put it there
      return "";
    }
    line.seq = one.entry;
    line.id = one.subject;
    line.is_kept = !one.subject.starts_with("cp:" + feed_.prefix + "/");
    line.record_seq = model::int_at(line.document, "seq").value_or(0);
    line.text = one.document;
    line.bytes = one.document.size();
    CP_TRY(take_record(line));
    CP_TRY(feed_.status.empty() ? doubts_.forget(one.subject, one.entry) : Result<void>{});
    return "";
  }

  // Of resources that went to owners who are not known here, its registry may know who they are.
  Result<void> find_owners(const std::vector<FeedDoubts::Unjudged>& waiting) {
    std::set<std::string> asked;
    for (const FeedDoubts::Unjudged& one : waiting) {
      CP_TRY_ASSIGN(const Json document, model::parse_json(one.document));
      const auto next = Identifier::parse(model::text_at(document, "ended.successor").value_or(""));
      const bool is_new = next && !estate_.judge.anchor_of(next->prefix()) &&
                          asked.size() < kMaxOwners &&
                          asked.insert(std::string(next->prefix())).second;
      if (is_new) {
        CP_TRY(find_owner(*next));
      }
    }
    return {};
  }

  Result<void> find_owner(const Identifier& code) {
    const auto reply =
        client_.ask(feed_.url, "v1/id/" + net::percent_encoded(code.text()), std::nullopt, stop_);
    if (!reply || reply->kind != RegistryReply::Kind::referral) {
      return {};
    }
    Json told = Json::object();
    told["delegations"] = Json::array({reply->document});
    CP_TRY(learn_from(told));
    for (std::size_t at = 0; at < std::min<std::size_t>(reply->registries.size(), 2); ++at) {
      if (estate_.judge.anchor_of(code.prefix())) {
        break;
      }
      if (auto bootstrap = client_.bootstrap(reply->registries[at], stop_)) {
        CP_TRY(learn_from(*bootstrap));
      }
    }
    return {};
  }

  // Of the delegations, those behind the room that there is are dropped.
  Result<Learned> learn_from(Json& bootstrap) {
    CP_TRY_ASSIGN(Writing writing, begin_writing());
    const std::string prefix = model::text_at(bootstrap, "head.prefix").value_or("");
    const auto all = bootstrap.find("delegations");
    for (std::size_t i = 0; all != bootstrap.end() && all->is_array() && i < all->size(); ++i) {
      CP_TRY_ASSIGN(const bool has_room, has_room_for(all->at(i), prefix));
      if (!has_room) {
        all->erase(all->begin() + static_cast<std::ptrdiff_t>(i), all->end());
      }
    }
    CP_TRY_ASSIGN(Learned learned, learn(estate_.judge, bootstrap));
    CP_TRY(held_ ? add_holding(estate_.database, prefix, grown_) : Result<void>{});
    held_.reset();
    CP_TRY(finish(std::move(writing)));
    return learned;
  }

  Result<void> apply(FeedChunk& chunk) {
    for (CheckedLine& line : chunk.checked) {
      if (is_at_end()) {
        return {};  // what follows a lie is not taken
      }
      if (line.failure) {
        return tl::unexpected<Error>(*std::move(line.failure));
      }
      if (!line.problem.empty()) {
        end("lying", line.problem);
      } else if (has_head_) {
        end("lying", "its feed goes on behind its head");
      } else if (line.is_head) {
        CP_TRY(apply_head(line.document));
      } else {
        CP_TRY(apply_entry(line));
      }
    }
    return {};
  }

  Result<void> apply_head(const Json& head) {
    CP_TRY_ASSIGN(const Verdict verdict, estate_.judge.accept(head));
    const std::int64_t seq = model::int_at(head, "seq").value_or(0);
    if (!verdict.holds()) {
      end(status_of(head, verdict, feed_.seq > 0), "its head: " + in_words(verdict));
    } else if (model::text_at(head, "prefix") != feed_.prefix) {
      end("lying", "its feed is closed by another prefix's head");
    } else {
      feed_.head_seq = seq;
      CP_TRY(confirm(seq, model::text_at(head, "hash").value_or("")));
    }
    has_head_ = true;
    return {};
  }

  // An entry that was here already. Where plain files are served, a feed begins at its beginning
  // each time; those that are known must be what they were.
  Result<void> repeat(const CheckedLine& line) {
    CP_TRY_ASSIGN(const auto known, point_at(line.seq));
    if (known && line.hash != known->hash) {
      contradict(fmt::format("entry {} is not what it was", line.seq));
    }
    return {};
  }

  Result<void> apply_entry(CheckedLine& line) {
    if (page_entries_ == 0 && line.seq <= feed_.seq) {
      return line.seq < feed_.confirmed.seq ? Result<void>{} : repeat(line);
    }
    const std::string last = feed_.seq == 0 ? sha256_text(std::string(32, '\0')) : feed_.hash;
    if (line.seq != feed_.seq + 1) {
      end("gap", fmt::format("entry {} follows entry {}", line.seq, feed_.seq));
      return {};
    }
    if (line.previous != last) {
      contradict(fmt::format("entry {} does not follow what was entry {}", line.seq, feed_.seq));
      return {};
    }
    if (feed_.seq >= feed_.head_seq + kMaxBehindHead) {
      end("limited", fmt::format("more than {} entries came behind its head", kMaxBehindHead));
      return {};
    }
    if (!feed_.entries.use(limits_.rate, 1, estate_.now())) {
      end("limited", "it has more entries than " + show_rate(limits_.rate));
      return {};
    }
    if (!line.document.is_null()) {
      CP_TRY(line.id.empty() ? take_other(line) : take_record(line));
    } else if (!line.id.empty() && !line.is_kept) {
      CP_TRY(expect_newer(line));
    }
    for (const std::string& key : line.retired) {
      CP_TRY(doubts_.retire(key, line.seq));
    }
    if (feed_.status.empty()) {
      feed_.seq = line.seq;
      feed_.hash = line.hash;
      ++entries_;
      ++page_entries_;
      if (feed_.seq >= feed_.head_seq) {
        CP_TRY(store_.keep_point(feed_.url, here()));
      }
    }
    return {};
  }

  // A record that is not shown must be superseded by one that is.
  Result<void> expect_newer(const CheckedLine& line) {
    CP_TRY_ASSIGN(const bool is_here, has_as_new(line.id, line.record_seq));
    return is_here ? Result<void>{}
                   : doubts_.withhold({line.id, line.seq, line.record_seq, line.record});
  }

  // Whether version SEQ of the record of its prefix's CODE, or a newer one, is here.
  Result<bool> has_as_new(const std::string& code, std::int64_t seq) {
    CP_TRY_ASSIGN(const std::string anchor, estate_.judge.anchor_of(feed_.prefix));
    CP_TRY_ASSIGN(const auto kept, estate_.trust.find(anchor, "cp.resource", code));
    return kept && kept->seq >= seq;
  }

  Result<void> take_record(CheckedLine& line) {
    const auto id = Identifier::parse(line.id);
    const bool is_its =
        id && (line.is_kept ? id->prefix() != feed_.prefix && is_within(id->prefix(), feed_.prefix)
                            : id->prefix() == feed_.prefix);
    if (!is_its) {
      end("lying",
          fmt::format("entry {} is about {}, which is not of its prefix", line.seq, line.id));
      return {};
    }
    if (line.verdict.holds()) {
      CP_TRY_ASSIGN(const bool has, has_room(line));
      if (!has) {
        return {};
      }
      if (line.is_kept) {
        // Counted before it is there.
        CP_TRY(holding_of(estate_.database, std::string(id->prefix())));
      }
      CP_TRY_ASSIGN(line.verdict, estate_.judge.remember(line.document, line.verdict, line.text));
      grown_.records += line.verdict.grown.records;
      grown_.bytes += line.verdict.grown.bytes;
      if (line.is_kept) {
        CP_TRY(add_holding(estate_.database, std::string(id->prefix()), line.verdict.grown));
      }
    }
    CP_TRY(doubts_.show(line.id, line.record_seq, line.seq));
    if (line.is_kept && line.verdict.reason == "replay") {
      return {};  // its own authority has shown a newer one
    }
    if (!line.verdict.holds()) {
      return refuse(line, line.id, line.verdict);
    }
    ++feed_.records;
    CP_TRY(doubts_.forget(line.id, line.seq));
    const auto names = names_of(line.document);
    if (line.record_seq > 1 || !names.empty()) {
      return store_.set_names({line.id, line.verdict.anchor}, names);
    }
    return {};
  }

  // Delegations and heads have their effect on what follows.
  Result<void> take_other(const CheckedLine& line) {
    const std::string schema = model::text_at(line.document, "schema").value_or("");
    if (use_of(schema).empty()) {
      return {};
    }
    const bool is_delegation = schema == "cp.delegation/1";
    if (schema == "cp.head/1" && model::text_at(line.document, "prefix") != feed_.prefix) {
      return {};  // who follows that prefix gets it there
    }
    CP_TRY_ASSIGN(const bool has_room,
                  is_delegation ? has_room_for(line.document, feed_.prefix) : Result<bool>(true));
    if (!has_room) {
      return {};
    }
    CP_TRY_ASSIGN(const Verdict verdict, estate_.judge.accept(line.document));
    // Those of the bootstrap are as new, or newer.
    const bool is_head = schema == "cp.head/1";
    const bool is_old = (is_head && is_overtaken(line.document, verdict)) ||
                        (standing_of(schema, verdict) == Standing::lapsed &&
                         (is_head || verdict.reason == "replay"));
    return verdict.holds() || is_old
               ? Result<void>{}
               : refuse(line, model::text_at(line.document, "prefix").value_or(""), verdict);
  }

  // What does not hold is not taken. Only a lie ends the run.
  Result<void> refuse(const CheckedLine& line, const std::string& subject, const Verdict& verdict) {
    const std::string schema = model::text_at(line.document, "schema").value_or("");
    const Standing standing =
        line.is_kept ? standing_of_kept(verdict) : standing_of(schema, verdict);
    if (standing == Standing::unjudged && !line.id.empty()) {
      CP_TRY_ASSIGN(const bool waits, doubts_.put_off({subject, line.seq, line.text}));
      if (waits) {
        return {};
      }
    }
    ++feed_.refused;
    if (refusals_.size() < kMaxRefusals) {
      refusals_.push_back({line.seq, subject, verdict.reason, verdict.message});
    }
    if (standing == Standing::lie) {
      end("lying", subject + ": " + in_words(verdict));
    } else if (standing == Standing::disowned) {
      return doubt(line, subject, verdict);
    }
    return {};
  }

  Result<void> doubt(const CheckedLine& line, const std::string& subject, const Verdict& verdict) {
    const auto keys = signers_named_in(line.document);
    CP_TRY_ASSIGN(const bool is_retired, doubts_.is_retired(keys));
    return is_retired ? Result<void>{}
                      : doubts_.add({keys.front(), subject, in_words(verdict), line.seq});
  }

  Estate& estate_;
  ResolverStore& store_;
  RegistryClient& client_;
  ResolverStore::Feed feed_;
  std::string expected_;  // prefix; empty: any
  SyncRun& run_;
  ChildLimits limits_;
  std::optional<Holding> held_;  // of its prefix, before what is written now
  Holding grown_;                // by that
  const std::stop_token& stop_;
  FeedDoubts doubts_;
  std::int64_t began_at_;
  bool is_contradicted_ = false;  // by this page is what came before it
  bool has_gone_back_ = false;
  FeedChecker checker_;
  std::int64_t entries_ = 0;
  std::size_t page_entries_ = 0;
  bool has_head_ = false;
  bool too_long_ = false;  // an entry was
  bool is_over_ = false;   // its bytes of today are used up
  Result<void> taken_;     // what came of that while more was fetched
  std::vector<Refusal> refusals_;
};

Result<Synced> sync_feed(Estate& estate, ResolverStore& store, RegistryClient& client,
                         const std::string& base, const std::string& prefix, SyncRun& run,
                         const std::stop_token& stop) {
  const SteadyTime started = estate.clock.steady();
  CP_TRY_ASSIGN(auto known, store.feed(base));
  ResolverStore::Feed feed = known ? *std::move(known) : ResolverStore::Feed{};
  feed.url = base;
  feed.prefix = feed.seq == 0 && !prefix.empty() ? prefix : feed.prefix;
  FeedFollower follower(estate, store, client, std::move(feed), prefix, run, stop);
  Synced synced;
  CP_TRY_ASSIGN(synced.feed, follower.follow());
  synced.entries = follower.entries();
  synced.refusals = follower.take_refusals();
  synced.duration_s = std::chrono::duration<double>(estate.clock.steady() - started).count();
  return synced;
}

}  // namespace cp::identity
