// SPDX-License-Identifier: Apache-2.0
#include "passphrase.hpp"

#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"

#include <algorithm>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace cpid {
namespace {

using cp::Errc;
using cp::Result;

// The terminal of this process with its echo off for as long as this lives.
class Silence {
 public:
  explicit Silence(int fd) : fd_(fd) {
    if (::tcgetattr(fd_, &before_) == 0) {
      termios silent = before_;
      silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
      changed_ = ::tcsetattr(fd_, TCSAFLUSH, &silent) == 0;
    }
  }
  ~Silence() {
    if (changed_) {
      (void)::tcsetattr(fd_, TCSAFLUSH, &before_);
    }
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  int fd_;
  termios before_{};
  bool changed_ = false;
};

Result<std::string> ask(const std::string& question) {
  const cp::UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (!terminal) {
    return cp::with_hint(cp::fail(Errc::usage, "there is no terminal to ask for a passphrase at"),
                         "--passphrase-file names a file that holds it");
  }
  const Silence silence(terminal.get());
  CP_TRY(cp::write_all(terminal.get(), question));
  std::string line;
  char c = 0;
  while (line.size() < cp::limits::key_file_bytes) {
    CP_TRY_ASSIGN(const std::size_t count, cp::read_some(terminal.get(), {&c, 1}));
    if (count == 0 || c == '\n') {
      break;
    }
    line += c;
  }
  CP_TRY(cp::write_all(terminal.get(), "\n"));
  return line;
}

// Its first line.
Result<std::string> read_passphrase(const std::string& file) {
  CP_TRY_ASSIGN(std::string text, cp::read_trusted_file(file, cp::limits::key_file_bytes, true));
  text.erase(std::min(text.find('\n'), text.size()));
  if (text.empty()) {
    return cp::fail(Errc::bad_config, "{}: the passphrase is empty", file);
  }
  return text;
}

}  // namespace

cp::identity::Passphrase passphrases(cp::cli::Context& context) {
  if (!context.arguments().all().contains("passphrase-file")) {
    return nullptr;  // a command that signs nothing
  }
  if (const auto file = context.arguments().text("passphrase-file")) {
    return [file = *file](const std::string&) { return read_passphrase(file); };
  }
  return [](const std::string& path) { return ask("passphrase of " + path + ": "); };
}

Result<std::string> new_passphrase(cp::cli::Context& context) {
  if (const auto file = context.arguments().text("passphrase-file")) {
    return read_passphrase(*file);
  }
  if (!context.arguments().has("encrypt")) {
    return std::string();
  }
  CP_TRY_ASSIGN(std::string first, ask("new passphrase: "));
  CP_TRY_ASSIGN(const std::string second, ask("again: "));
  if (first != second || first.empty()) {
    return cp::fail(Errc::usage, "{}",
                    first.empty() ? "the passphrase is empty" : "the two passphrases differ");
  }
  return first;
}

}  // namespace cpid
