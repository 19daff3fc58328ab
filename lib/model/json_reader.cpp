// SPDX-License-Identifier: Apache-2.0
#include "model/json_reader.hpp"

#include "base/limits.hpp"
#include "model/plain_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <span>

namespace cp::model {
namespace {

constexpr std::size_t kReadBytes = 64U << 10U;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

JsonReader::JsonReader(std::vector<std::string> files) : files_(std::move(files)) {}

JsonReader::JsonReader(std::string name, UniqueFd fd, std::string read_already)
    : fd_(std::move(fd)), buffer_(std::move(read_already)), open_(true) {
  here_.name = std::move(name);
}

Result<bool> JsonReader::open_next_file() {
  if (next_file_ == files_.size()) {
    return false;
  }
  const std::string& file = files_[next_file_++];
  const bool is_standard_input = file == "-";
  fd_.reset(is_standard_input ? ::fcntl(0, F_DUPFD_CLOEXEC, 3)
                              : ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  here_ = Origin{is_standard_input ? "standard input" : file, 1, 1};
  if (!fd_) {
    return fail_errno(errno, "cannot open " + here_.name);
  }
  buffer_.clear();
  at_ = 0;
  open_ = true;
  at_end_ = false;
  in_array_ = false;
  after_element_ = false;
  return true;
}

Result<bool> JsonReader::fill() {
  if (at_end_) {
    return false;
  }
  buffer_.erase(0, at_);
  at_ = 0;
  std::array<char, kReadBytes> chunk;
  auto count = read_some(fd_.get(), chunk);
  if (!count) {
    return fail(Errc::io, "cannot read {}: {}", here_.name, count.error().message);
  }
  at_end_ = *count == 0;
  buffer_.append(chunk.data(), *count);
  return !at_end_;
}

void JsonReader::consume(std::size_t count) {
  std::string_view passed = std::string_view(buffer_).substr(at_, count);
  here_.column += count;
  for (auto end = passed.find('\n'); end != std::string_view::npos; end = passed.find('\n')) {
    passed.remove_prefix(end + 1);
    ++here_.line;
    here_.column = passed.size() + 1;
  }
  at_ += count;
}

// Goes to the first byte of the next value; false at the end of the file.
Result<bool> JsonReader::skip_to_value() {
  const auto refuse = [&](std::string_view what) {
    return fail(Errc::bad_data, "{}:{}:{}: malformed JSON: {}", here_.name, here_.line,
                here_.column, what);
  };
  while (true) {
    if (at_ == buffer_.size()) {
      CP_TRY_ASSIGN(const bool more, fill());
      if (more) {
        continue;
      }
      if (in_array_) {
        return refuse("the array is not closed");
      }
      return false;
    }
    const char c = buffer_[at_];
    if (is_blank(c)) {
      consume(1);
    } else if (!in_array_ && c == '[') {
      in_array_ = true;
      consume(1);
    } else if (in_array_ && c == ']') {
      in_array_ = false;
      after_element_ = false;
      consume(1);
    } else if (in_array_ && after_element_) {
      if (c != ',') {
        return refuse("a comma is missing between the elements of the array");
      }
      after_element_ = false;
      consume(1);
    } else {
      return true;
    }
  }
}

// The length of the value that begins at at_; its syntax is the parser's business.
Result<std::size_t> JsonReader::find_end() {
  std::size_t i = 0;
  int depth = 0;
  bool in_string = false;
  const bool is_scalar = std::string_view("{[\"").find(buffer_[at_]) == std::string_view::npos;
  while (true) {
    for (; at_ + i < buffer_.size(); ++i) {
      const char c = buffer_[at_ + i];
      if (in_string) {
        if (c == '\\') {
          ++i;  // what is escaped ends no string
        } else if (c == '"') {
          in_string = false;
          if (depth == 0) {
            return i + 1;
          }
        }
      } else if (is_scalar) {
        if (is_blank(c) || c == ',' || c == ']' || c == '{' || c == '[') {
          return std::max<std::size_t>(i, 1);
        }
      } else if (c == '"') {
        in_string = true;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if ((c == '}' || c == ']') && --depth == 0) {
        return i + 1;
      }
    }
    if (i > limits::document_bytes) {
      return fail(Errc::bad_data, "{}:{}: a document is larger than {} bytes", here_.name,
                  here_.line, limits::document_bytes);
    }
    CP_TRY_ASSIGN(const bool more, fill());
    if (!more) {
      return buffer_.size() - at_;
    }
  }
}

// The object that lies whole in buffer_ from at_ on, if it is one as programs write them.
std::optional<PlainPrefix> JsonReader::plain_object() const {
  const auto rest = std::string_view(buffer_).substr(at_, limits::document_bytes);
  return rest.front() == '{' ? parse_plain_prefix(rest) : std::nullopt;
}

std::string_view JsonReader::line() const {
  const auto text = std::string_view(buffer_).substr(at_ - plain_bytes_, plain_bytes_);
  // A search for either at once asks of each character in turn.
  const bool is_one = text.find('\n') == text.npos && text.find('\r') == text.npos;
  return is_one ? text : std::string_view();
}

Result<std::optional<Json>> JsonReader::next() {
  while (true) {
    if (!open_) {
      CP_TRY_ASSIGN(const bool opened, open_next_file());
      if (!opened) {
        return std::optional<Json>();
      }
    }
    CP_TRY_ASSIGN(const bool found, skip_to_value());
    if (!found) {
      open_ = false;
      continue;
    }
    start_ = here_;
    plain_bytes_ = 0;
    if (auto plain = plain_object()) {
      plain_bytes_ = plain->length;
      consume(plain->length);
      after_element_ = in_array_;
      return std::optional(std::move(plain->value));
    }
    CP_TRY_ASSIGN(const std::size_t length, find_end());
    CP_TRY_ASSIGN(Json value, parse_json(std::string_view(buffer_).substr(at_, length), start_));
    consume(length);
    after_element_ = in_array_;
    return std::optional(std::move(value));
  }
}

}  // namespace cp::model
