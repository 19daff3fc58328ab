// SPDX-License-Identifier: Apache-2.0
#include "transfer/far_listing.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "transfer/limits.hpp"
#include "transfer/path.hpp"
#include "transfer/source.hpp"

#include <array>
#include <charconv>
#include <sys/stat.h>

namespace cp::transfer {
namespace {

constexpr std::size_t kMost = 4'000'000;

Result<void> no_listing() { return fail(Errc::protocol, "the far shell lists what is no list"); }

std::optional<FarFound::Kind> far_kind(char letter) {
  switch (letter) {
    case 'f':
      return FarFound::Kind::file;
    case 'F':
      return FarFound::Kind::unreadable_file;
    case 'd':
      return FarFound::Kind::directory;
    case 'D':
      return FarFound::Kind::unreadable_directory;
    case 'l':
      return FarFound::Kind::link;
    case 'o':
      return FarFound::Kind::other;
    default:
      return std::nullopt;
  }
}

// "." is the directory itself, and all else below it.
std::optional<std::string> path_in(std::string_view listed) {
  if (listed == ".") {
    return "";
  }
  return listed.starts_with("./") ? std::optional(std::string(listed.substr(2))) : std::nullopt;
}

std::optional<std::uint32_t> octal(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

// LINE is "MODE SIZE MTIME CTIME INODE".
std::optional<struct stat> status_in(std::string_view line) {
  const auto fields = text::split(line, ' ');
  if (fields.size() != 5) {
    return std::nullopt;
  }
  const auto mode = octal(fields[0]);
  const auto size = text::to_uint(fields[1]);
  const auto mtime = parse_time_of_change(fields[2]);
  const auto ctime = parse_time_of_change(fields[3]);
  const auto inode = text::to_uint(fields[4]);
  if (!mode || !size || !mtime || !ctime || !inode || *size > limits::file_bytes) {
    return std::nullopt;
  }
  struct stat status {};
  status.st_mode = *mode & 0777U;
  status.st_size = static_cast<off_t>(*size);
  status.st_mtim = {mtime->seconds, static_cast<long>(mtime->nanoseconds)};
  status.st_ctim = {ctime->seconds, static_cast<long>(ctime->nanoseconds)};
  status.st_ino = *inode;
  return status;
}

/// Follows the records of the agent's lister.
class Listing {
 public:
  explicit Listing(UnixTime far_now) : far_now_(far_now) {}

  /// True with the last one.
  Result<bool> take(const std::string& record) {
    const char letter = record.empty() ? '\0' : record.front();
    const std::string_view rest = std::string_view(record).substr(record.empty() ? 0 : 1);
    if (letter == 'E') {
      return true;
    }
    if (letter == 'B') {
      batch_ = found_.size();
      return false;
    }
    CP_TRY(letter == 'S' ? take_status(rest) : take_name(letter, rest));
    return false;
  }
  std::vector<FarFound> take_all() { return std::move(found_); }

 private:
  Result<void> take_name(char letter, std::string_view listed) {
    const auto kind = far_kind(letter);
    auto path = path_in(listed);
    if (!kind || !path) {
      return no_listing();
    }
    if (found_.size() == kMost) {
      return fail(Errc::bad_data, "there are more than {} files to be listed by a shell", kMost);
    }
    FarFound one{.kind = *kind, .entry = {.path = *std::move(path), .target = {}}};
    found_.push_back(std::move(one));
    return {};
  }

  // Of the names of one batch, when each of them has one.
  Result<void> take_status(std::string_view lines) {
    const auto each = text::split(lines, '\n');
    if (each.size() != found_.size() - batch_) {
      return {};
    }
    for (std::size_t i = 0; i < each.size(); ++i) {
      const auto status = status_in(each[i]);
      if (!status) {
        return no_listing();
      }
      set_status(found_[batch_ + i], *status);
    }
    return {};
  }

  void set_status(FarFound& one, const struct stat& status) const {
    one.has_status = true;
    one.entry.metadata = metadata_of(status);
    one.entry.size = static_cast<std::uint64_t>(status.st_size);
    one.entry.stamp = stamp_of(one.entry.path, status);
    one.entry.is_fresh = is_fresh(status, far_now_);
  }

  const UnixTime far_now_;
  std::vector<FarFound> found_;
  std::size_t batch_ = 0;  ///< where it begins
};

}  // namespace

std::string FarSource::show(std::string_view path) const {
  std::string_view below = path.substr(std::min(path.size(), name.size()));
  while (below.starts_with('/')) {
    below.remove_prefix(1);
  }
  return below.empty() ? shown : path_join(shown, below);
}

Result<FarSource> open_far_source(FarShell& shell, const std::string& path, Placement placement) {
  const Operand operand = parse_operand(path);
  const std::string word = far_path_word(operand.path.empty() ? "/" : operand.path);
  CP_TRY(shell.ask("kind", std::span(&word, 1)));
  CP_TRY_ASSIGN(const std::string kind, shell.line());
  const bool leads_to_directory = kind == "d" || kind == "ld";
  if (kind == "none" || (operand.means_contents && !leads_to_directory)) {
    return fail(Errc::not_found, "cannot open {}: {}", path,
                kind == "none" ? "no such file or directory" : "not a directory");
  }
  const bool contents = operand.means_contents || (placement == Placement::exact && kind == "d");
  if (contents) {
    return FarSource{path, word, "", true};
  }
  return FarSource{path, far_path_word(parent_of(operand.path)),
                   std::string(base_name(operand.path)), kind == "d"};
}

Result<std::vector<FarFound>> list_far(FarShell& shell, const FarSource& source,
                                       bool one_file_system) {
  CP_TRY(shell.ask("at", std::span(&source.directory, 1)));
  CP_TRY(shell.hear_ok());
  const std::array<std::string, 2> words{source.name.empty() ? "." : "./" + source.name,
                                         one_file_system ? "-xdev" : ""};
  CP_TRY(shell.ask("list", words));
  Listing listing(SystemClock().now() - shell.tools().clock_is_behind);
  while (true) {
    CP_TRY_ASSIGN(const std::string record, shell.record());
    CP_TRY_ASSIGN(const bool is_over, listing.take(record));
    if (is_over) {
      return listing.take_all();
    }
  }
}

}  // namespace cp::transfer
