// SPDX-License-Identifier: Apache-2.0
#include "transfer/journal.hpp"

#include "base/file.hpp"
#include "transfer/holes.hpp"
#include "transfer/limits.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <span>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";

bool is_our_file(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == ::geteuid() &&
         status.st_nlink == 1;
}

bool read_exactly(int fd, std::uint64_t at, std::span<std::byte> out) {
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t count =
        ::pread(fd, out.data() + have, out.size() - have, static_cast<off_t>(at + have));
    if (count == 0 || (count < 0 && errno != EINTR)) {
      return false;
    }
    have += count < 0 ? 0 : static_cast<std::size_t>(count);
  }
  return true;
}

std::optional<JournalRecord> read_record(int fd, std::uint64_t at, std::vector<std::byte>& body) {
  std::array<std::byte, RecordHeader::bytes> bytes{};
  if (!read_exactly(fd, at, bytes)) {
    return std::nullopt;
  }
  const auto header = decode_record_header(bytes);
  if (!header) {
    return std::nullopt;
  }
  body.resize(header->body_bytes);
  return read_exactly(fd, at + bytes.size(), body) ? decode_record(*header, body, at)
                                                   : std::nullopt;
}

/// Hands on the records of attempts that still hold.
class Sieve {
 public:
  Sieve(const JournalHeader& wanted, const Digest& boot,
        const std::function<void(const JournalRecord&)>& seen)
      : wanted_(wanted), boot_(boot), seen_(seen) {}

  void operator()(const JournalRecord& record) {
    if (const auto* header = std::get_if<JournalHeader>(&record)) {
      is_wanted_ = (is_wanted_ || !header_) && header->version == JournalHeader::our_version &&
                   header->key == wanted_.key;
      header_ = *header;
      attempts_ = 0;
    } else if (const auto* attempt = std::get_if<JournalAttempt>(&record)) {
      ++attempts_;
      holds_ = attempt->is_synced || (attempt->boot == boot_ && boot_ != Digest{});
    } else if (is_wanted_ && holds_) {
      seen_(record);
    }
  }

  bool is_wanted() const { return is_wanted_; }
  const JournalHeader& header() const { return *header_; }
  std::uint64_t attempts() const { return attempts_; }

 private:
  const JournalHeader& wanted_;
  const Digest boot_;
  const std::function<void(const JournalRecord&)>& seen_;
  std::optional<JournalHeader> header_;
  bool is_wanted_ = false;
  bool holds_ = false;
  std::uint64_t attempts_ = 0;
};

}  // namespace

Digest boot_of_machine() {
  const auto text = read_file(kBootId, 4096);
  return text && !text->empty() ? leaf_digest(std::as_bytes(std::span(*text))) : Digest{};
}

std::uint64_t read_journal(int fd, const std::function<void(const JournalRecord&)>& seen) {
  std::uint64_t at = 0;
  std::vector<std::byte> body;
  while (at < limits::journal_bytes) {
    const auto record = read_record(fd, at, body);
    if (!record) {
      break;
    }
    seen(*record);
    at += RecordHeader::bytes + body.size();
  }
  return at;
}

Result<std::unique_ptr<Journal>> Journal::open(
    int directory, const JournalHeader& header, bool is_finished, const JournalAttempt& attempt,
    std::function<Result<void>()> sync_names,
    const std::function<void(const JournalRecord&)>& seen) {
  UniqueFd fd(::openat(directory, file_name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (fd && is_our_file(fd.get())) {
    Sieve sieve(header, attempt.boot, seen);
    const std::uint64_t end = read_journal(fd.get(), std::ref(sieve));
    if (sieve.is_wanted()) {
      auto journal = std::make_unique<Journal>(std::move(fd), is_finished ? header : sieve.header(),
                                               attempt.is_synced, std::move(sync_names));
      journal->end_ = end;
      journal->attempt_ = is_finished ? 1 : sieve.attempts() + 1;
      CP_TRY(journal->start(is_finished, attempt));
      return journal;
    }
  }
  ::unlinkat(directory, file_name, 0);
  fd.reset(
      ::openat(directory, file_name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) {
    return fail_errno(Errc::cannot_create, errno, "cannot create the journal");
  }
  auto journal =
      std::make_unique<Journal>(std::move(fd), header, attempt.is_synced, std::move(sync_names));
  journal->attempt_ = 1;
  CP_TRY(journal->start(true, attempt));
  return journal;
}

// What is torn goes before anything is written behind it.
Result<void> Journal::start(bool is_new, const JournalAttempt& attempt) {
  if (::ftruncate(fd_.get(), static_cast<off_t>(end_)) != 0) {
    return fail_errno(Errc::io, errno, "cannot write the journal");
  }
  return is_new ? write({header_, attempt}) : write({attempt});
}

Result<void> Journal::append(const std::vector<JournalRecord>& records) {
  const std::scoped_lock lock(mutex_);
  CP_TRY(write(records));
  return is_synced_ && !is_full_ ? sync() : Result<void>();
}

Result<void> Journal::sync() {
  if (::fdatasync(fd_.get()) != 0) {
    return fail_errno(Errc::io, errno, "cannot sync the journal");
  }
  if (!is_named_) {
    CP_TRY(sync_names_());
    is_named_ = true;
  }
  return {};
}

Result<void> Journal::write(const std::vector<JournalRecord>& records) {
  std::string bytes;
  for (const JournalRecord& record : records) {
    bytes += encode_record(record, end_ + bytes.size());
  }
  return bytes.empty() || is_full_ ? Result<void>() : write_bytes(bytes);
}

// A disk without room for the journal has none for the data either, and that is what the user wants
// to hear of.
Result<void> Journal::write_bytes(std::string_view bytes) {
  is_full_ = end_ + bytes.size() > limits::journal_bytes ||
             !write_at(fd_.get(), end_, std::as_bytes(std::span(bytes)));
  if (is_full_) {
    return ::ftruncate(fd_.get(), static_cast<off_t>(end_)) == 0 || errno != EIO
               ? Result<void>()
               : fail_errno(Errc::io, errno, "cannot write the journal");
  }
  end_ += bytes.size();
  return {};
}

}  // namespace cp::transfer
