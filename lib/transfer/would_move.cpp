// SPDX-License-Identifier: Apache-2.0
#include "transfer/would_move.hpp"

#include "transfer/conversation.hpp"
#include "transfer/file_sum.hpp"
#include "transfer/limits.hpp"
#include "transfer/murmur.hpp"
#include "transfer/path.hpp"
#include "transfer/wake.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace cp::transfer {
namespace {

using Verdict = Answer::Verdict;

// The digest of the file of ENTRY in SOURCE, unless it cannot be read.
std::optional<Digest> digest_of(const Source& source, const Entry& entry,
                                const std::stop_token& stop) {
  std::vector<std::byte> buffer(limits::leaf_bytes);
  const auto sum = sum_file(source, entry, SumKind::xxh3_128_tree, 1, buffer, stop);
  if (!sum) {
    return std::nullopt;
  }
  Digest digest;
  std::ranges::copy(std::as_bytes(std::span(*sum)), digest.bytes.begin());
  return digest;
}

Source source_of(const Landing& landing) {
  return {.shown = "",
          .root = Confined(UniqueFd(::fcntl(landing.root.fd(), F_DUPFD_CLOEXEC, 0)),
                           landing.root.method()),
          .name = "",
          .is_directory = true};
}

bool points_to(int fd, const std::string& target) {
  std::string there(limits::path_bytes + 1, '\0');
  const ssize_t length = ::readlinkat(fd, "", there.data(), there.size());
  there.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
  return there == target;
}

bool is_later(const Metadata& one, const Metadata& other) {
  return std::pair(one.mtime_s, one.mtime_ns) > std::pair(other.mtime_s, other.mtime_ns);
}

bool has_time_of(const Metadata& one, const Metadata& other) {
  return one.mtime_s == other.mtime_s && one.mtime_ns == other.mtime_ns;
}

}  // namespace

std::optional<Landing> landing_if_there(const Ground& ground, const Plan& plan,
                                        const Incoming& incoming) {
  auto root = ground.look_into(plan.root);
  if (!root) {
    return std::nullopt;
  }
  return Landing{.root = *std::move(root),
                 .root_is_new = false,
                 .renamed_from = plan.renamed_to.empty() ? "" : incoming.name,
                 .renamed_to = plan.renamed_to};
}

Answer Looker::answer(const Ask& ask) const {
  Answer answer;
  for (const Entry& entry : ask.entries) {
    answer.items.push_back(judge(entry));
  }
  return answer;
}

Answer::Item Looker::judge(const Entry& entry) const {
  Answer::Item item{.id = entry.id, .verdict = Verdict::send, .digest = {}};
  if (!there_) {
    return item;
  }
  const auto fd = there_->root.open_beneath(there_->place(entry.path), O_PATH);
  struct stat there {};
  if (!fd || ::fstat(fd->get(), &there) != 0) {
    return item;
  }
  switch (entry.type) {
    case EntryType::directory:
      item.verdict = S_ISDIR(there.st_mode) ? Verdict::leave : Verdict::send;
      return item;
    case EntryType::link:
      item.verdict = S_ISLNK(there.st_mode) && points_to(fd->get(), entry.target) ? Verdict::leave
                                                                                  : Verdict::send;
      return item;
    case EntryType::file:
    case EntryType::hard_link:
      break;
  }
  return S_ISREG(there.st_mode) ? judge_file(entry, there) : item;
}

Answer::Item Looker::judge_file(const Entry& entry, const struct stat& there) const {
  Answer::Item item{.id = entry.id, .verdict = Verdict::send, .digest = {}};
  const Metadata now = metadata_of(there);
  if (sync_.update && is_later(now, entry.metadata)) {
    item.verdict = Verdict::leave;
    return item;
  }
  if (static_cast<std::uint64_t>(there.st_size) != entry.size) {
    return item;
  }
  if (!sync_.checksum) {
    item.verdict = has_time_of(now, entry.metadata) ? Verdict::leave : Verdict::send;
    return item;
  }
  const Entry counterpart{
      .path = std::string(there_->place(entry.path)), .metadata = now, .size = entry.size};
  if (const auto digest = digest_of(source_of(*there_), counterpart, stop_)) {
    item.verdict = Verdict::compare;
    item.digest = *digest;
  }
  return item;
}

AskThere ask_over(Control& control, std::chrono::nanoseconds silence) {
  const auto over = [&control, silence](const Ask& ask) -> Result<Answer> {
    CP_TRY_ASSIGN(const Wake wake, Wake::make());
    CP_TRY(control.send(ask));
    Conversation conversation(control, wake, silence);
    while (true) {
      CP_TRY_ASSIGN(const auto message, conversation.next());
      if (!message) {
        CP_TRY(conversation.wait());
        continue;
      }
      if (message->type != MessageType::answer) {
        return fail(Errc::protocol, "a message that is no answer");
      }
      CP_TRY_ASSIGN(Answer answer, decode<Answer>(message->body));
      return answer.items.size() == ask.entries.size()
                 ? Result<Answer>(std::move(answer))
                 : fail(Errc::protocol, "an answer to another question");
    }
  };
  return {over, &control};
}

Result<void> answer_to(const Message& message, const Looker& looker, Control& control) {
  CP_TRY_ASSIGN(const auto ask, decode<Ask>(message.body));
  for (const Entry& entry : ask.entries) {
    if (!entry.path.empty()) {
      CP_TRY(check_path(entry.path));
    }
  }
  std::optional<Murmur> murmur(std::in_place, control);
  const Answer answer = looker.answer(ask);
  murmur.reset();
  return control.send(answer);
}

Result<void> answer_asks(Control& control, const Looker& looker, std::chrono::nanoseconds silence,
                         std::stop_token stop) {
  CP_TRY_ASSIGN(const Wake wake, Wake::make());
  std::optional<Conversation> conversation(std::in_place, control, wake, silence);
  const std::stop_callback interrupt(stop, [&] { control.shutdown(); });
  while (true) {
    CP_TRY_ASSIGN(const auto message, conversation->next());
    if (!message) {
      CP_TRY(conversation->wait());
    } else if (message->type == MessageType::finish) {
      return {};
    } else if (message->type == MessageType::ask) {
      CP_TRY(answer_to(*message, looker, control));
      // Whoever waited for that had nothing to say.
      conversation.emplace(control, wake, silence);
    } else {
      return fail(Errc::protocol, "a message that asks nothing");
    }
  }
}

Result<void> Sifter::add(Entry entry) {
  if (!ask_.ask) {
    return take_(entry, true);
  }
  // What is asked is where it is, and what it is.
  entry.extras = nullptr;
  entry.id = batch_.entries.size() + 1;
  bytes_ += entry.path.size() + entry.target.size();
  batch_.entries.push_back(std::move(entry));
  const bool is_full =
      batch_.entries.size() == limits::batch_entries || bytes_ > limits::message_bytes / 4;
  return is_full ? flush() : Result<void>();
}

Result<void> Sifter::flush() {
  if (batch_.entries.empty()) {
    return {};
  }
  bytes_ = 0;
  const Ask asked = std::exchange(batch_, {});
  CP_TRY_ASSIGN(const Answer answer, ask_.ask(asked));
  std::vector<bool> moves;
  {
    const auto murmur = ask_.control == nullptr ? nullptr : std::make_unique<Murmur>(*ask_.control);
    moves = judge(asked, answer);
  }
  for (std::size_t i = 0; i < asked.entries.size(); ++i) {
    CP_TRY(take_(asked.entries[i], moves[i]));
  }
  return stop_.stop_requested() ? fail(Errc::timed_out, "interrupted") : Result<void>();
}

std::vector<bool> Sifter::judge(const Ask& asked, const Answer& answer) const {
  std::vector<bool> moves;
  for (std::size_t i = 0; i < asked.entries.size(); ++i) {
    const Answer::Item& item = answer.items[i];
    moves.push_back(item.verdict == Verdict::send ||
                    (item.verdict == Verdict::compare && !is_same(asked.entries[i], item.digest)));
  }
  return moves;
}

// What cannot be read here is not the same.
bool Sifter::is_same(const Entry& entry, const Digest& there) const {
  return digest_of(source_, entry, stop_) == there;
}

}  // namespace cp::transfer
