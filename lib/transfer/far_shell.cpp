// SPDX-License-Identifier: Apache-2.0
#include "transfer/far_shell.hpp"

#include "base/text.hpp"
#include "transfer/bytes_of.hpp"
#include "transfer/far_agent.hpp"

#include <algorithm>
#include <cstring>

namespace cp::transfer {
namespace {

constexpr std::size_t kHeardBytes = std::size_t{256} << 10U;
constexpr std::size_t kLineBytes = std::size_t{64} << 10U;
constexpr std::size_t kRecordBytes = std::size_t{8} << 20U;  // a thousand lines of stat(1)
constexpr std::size_t kLines = 10'000;
constexpr std::size_t kBlockBytes = 65536;  // of dd in the agent
constexpr std::byte kAlive{0x16};
// On one command line there: POSIX grants 4 KiB, every system that is alive a hundred.
constexpr std::size_t kSummedAtOnce = 256;
constexpr std::size_t kSummedBytes = std::size_t{32} << 10U;

// sha256sum writes a name with a backslash or a line's end in it in another way, and not every one
// in the same.
bool is_plain(std::string_view path) {
  return std::ranges::none_of(
      path, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\\' || c == 0x7F; });
}

std::chrono::seconds behind(std::string_view far_now) {
  const auto far = text::to_int(far_now);
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(SystemClock().now().time_since_epoch());
  return far ? now - std::chrono::seconds(*far) : std::chrono::seconds(0);
}

}  // namespace

std::string far_word(std::string_view text) {
  const std::string quoted = text::replace_all(text, "'", R"('\'')");
  return "'" + text::replace_all(quoted, "\n", R"('"$nl"')") + "'";
}

std::string far_path_word(std::string_view path) {
  const bool is_safe = path.starts_with('/') || path.starts_with("./") || path.starts_with("../");
  return is_safe ? std::string(path) : "./" + std::string(path);
}

Result<std::unique_ptr<FarShell>> FarShell::start(std::unique_ptr<net::Stream> stream,
                                                  std::chrono::nanoseconds silence) {
  auto shell = std::make_unique<FarShell>(std::move(stream), silence);
  CP_TRY(shell->stream_->set_patience(silence));
  CP_TRY(
      shell->stream_->send(bytes_of(std::to_string(far_agent.size()) + "\n"), bytes_of(far_agent)));
  CP_TRY(shell->greet());
  return shell;
}

Result<void> FarShell::greet() {
  CP_TRY_ASSIGN(const std::string hello, line());
  const auto words = text::split(hello, ' ');
  if (words.size() != 7 || words[0] != "cpxfer-sh" || words[1] != "1") {
    return fail(Errc::protocol, "the far shell answers what was not asked");
  }
  if (words[4] == "none") {
    return with_hint(fail(Errc::unavailable, "there is neither a cpxfer nor a tar there"),
                     "--install-remote brings this cpxfer");
  }
  tools_ = {.sum = words[2] == "sha256" ? FarSumKind::sha256 : FarSumKind::cksum,
            .reads_bytes = words[3] == "bytes",
            .tar = words[4] == "pax" ? TarDialect::pax : TarDialect::gnu,
            .has_status = words[5] != "none",
            .clock_is_behind = behind(words[6])};
  return {};
}

Result<void> FarShell::ask(std::string_view word, std::span<const std::string> arguments) {
  std::string request(word);
  for (const std::string& argument : arguments) {
    request += ' ';
    request += far_word(argument);
  }
  request += '\n';
  return stream_->send(bytes_of(request));
}

Result<void> FarShell::hand(std::string_view word, std::vector<std::string> arguments,
                            std::span<const std::byte> bytes) {
  arguments.push_back(std::to_string(bytes.size() / kBlockBytes));
  arguments.push_back(std::to_string(bytes.size() % kBlockBytes));
  CP_TRY(ask(word, arguments));
  return stream_->send(bytes);
}

Result<void> FarShell::fill() {
  buffer_.resize(kHeardBytes);
  at_ = 0;
  CP_TRY(stream_->wait(SystemClock().steady() + silence_));
  const auto count = stream_->receive(buffer_);
  buffer_.resize(count ? *count : 0);
  CP_TRY(count);
  return *count == 0 ? fail(Errc::unavailable, "the connection is cut") : Result<void>();
}

Result<std::string> FarShell::up_to(char end, std::size_t limit) {
  std::string text;
  while (text.size() <= limit) {
    if (at_ == buffer_.size()) {
      CP_TRY(fill());
    }
    const std::byte byte = buffer_[at_++];
    if (byte == static_cast<std::byte>(end)) {
      return text;
    }
    if (byte != kAlive || end != '\n') {
      text += static_cast<char>(byte);
    }
  }
  return fail(Errc::protocol, "the far shell says too much");
}

Result<std::string> FarShell::line() { return up_to('\n', kLineBytes); }

Result<std::string> FarShell::record() { return up_to('\0', kRecordBytes); }

Result<void> FarShell::read(std::span<std::byte> out) {
  while (!out.empty()) {
    if (at_ == buffer_.size()) {
      CP_TRY(fill());
    }
    const std::size_t count = std::min(out.size(), buffer_.size() - at_);
    std::memcpy(out.data(), buffer_.data() + at_, count);
    at_ += count;
    out = out.subspan(count);
  }
  return {};
}

Result<void> FarShell::end_of_archive() {
  CP_TRY_ASSIGN(const std::string ending, line());
  const auto first = std::min(ending.size(), ending.find_first_not_of('\0'));
  return std::string_view(ending).substr(first).starts_with("got ")
             ? Result<void>()
             : fail(Errc::protocol, "the far tar wrote what is no archive");
}

Result<void> FarShell::hear_ok() {
  CP_TRY_ASSIGN(const std::string answer, line());
  if (answer == "ok") {
    return {};
  }
  if (!answer.starts_with("bad")) {
    return fail(Errc::protocol, "the far shell answers what was not asked");
  }
  const std::string_view why = text::trim(std::string_view(answer).substr(3));
  return fail(Errc::failed, "{}", why.empty() ? "it cannot be done there" : why);
}

Result<std::vector<std::string>> FarShell::lines() {
  std::vector<std::string> lines;
  while (lines.size() < kLines) {
    CP_TRY_ASSIGN(std::string one, line());
    if (one == "end") {
      return lines;
    }
    if (!one.empty()) {
      lines.push_back(std::move(one));
    }
  }
  return fail(Errc::protocol, "the far shell says too much");
}

// The files in the order in which they were named, without those that could not be read.
Result<void> FarShell::sum_plain(std::span<const std::string> paths,
                                 std::span<const std::size_t> which,
                                 std::vector<std::string>& sums) {
  std::vector<std::string> words;
  for (const std::size_t index : which) {
    words.push_back(far_path_word(paths[index]));
  }
  CP_TRY(ask("sums", words));
  CP_TRY_ASSIGN(const auto answer, lines());
  std::size_t next = 0;
  for (const std::string& one : answer) {
    const auto name = name_in(one, tools_.sum);
    while (next < words.size() && words[next] != name) {
      ++next;
    }
    if (next == words.size()) {
      return fail(Errc::protocol, "the far shell sums what was not asked");
    }
    sums[which[next++]] = sum_in(one, tools_.sum);
  }
  return {};
}

Result<std::string> FarShell::sum_odd(const std::string& path) {
  const std::string word = far_path_word(path);
  CP_TRY(ask("sum", std::span(&word, 1)));
  CP_TRY_ASSIGN(const std::string answer, line());
  return std::string(sum_in(answer, tools_.sum));
}

Result<std::vector<std::string>> FarShell::sums(std::span<const std::string> paths) {
  std::vector<std::string> sums(paths.size());
  std::vector<std::size_t> plain;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!is_plain(paths[i])) {
      CP_TRY_ASSIGN(sums[i], sum_odd(paths[i]));
      continue;
    }
    plain.push_back(i);
    bytes += paths[i].size();
    if (plain.size() == kSummedAtOnce || bytes >= kSummedBytes) {
      CP_TRY(sum_plain(paths, plain, sums));
      plain.clear();
      bytes = 0;
    }
  }
  if (!plain.empty()) {
    CP_TRY(sum_plain(paths, plain, sums));
  }
  return sums;
}

}  // namespace cp::transfer
