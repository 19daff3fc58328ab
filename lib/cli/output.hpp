// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "cli/terminal.hpp"
#include "model/json_fwd.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cp::cli {

/// How a cell of a table shows the value that stands in the document.
enum class Show {
  text,         ///< escaped for the terminal
  id,           ///< a text that is of no use when it is cut: columns beside it give way
  count,        ///< right-aligned number
  bytes,        ///< 204.7 MB
  rate,         ///< bits per second: 9.4 Gbit/s
  seconds,      ///< 4 h 05 m
  nanoseconds,  ///< 31 ms
  money,        ///< {"amount","currency"}: 14.50 CNY
  time,         ///< RFC 3339 as local date and time
  bar,          ///< 0 to 10 as a bar and a number
  verdict,      ///< a word, coloured: good ones green, bad ones red
};

struct Column {
  std::string_view title;
  std::string_view path;  ///< dotted path in the record: "price.hour"; the first that exists of a|b
  Show show = Show::text;
};

/// Results on stdout (or the file of -o): NDJSON, a table, or the one plain value of each record.
/// Buffered: whoever has a reader waiting calls `flush`. Not thread-safe. A closed pipe ends the
/// process quietly by SIGPIPE; any other failed write is an io error from `flush` and `finish`.
class Output {
 public:
  enum class Form { ndjson, table, plain };
  struct Settings {
    Form form = Form::ndjson;
    std::string file;  ///< -o: appears under its name when whole
    std::vector<Column> columns;
    std::string plain_path;  ///< dotted path of the value that --plain prints
  };

  Output(Settings settings, const Terminal& terminal);
  ~Output();

  Form form() const;
  /// One record. In table form, records of a schema other than the first one's are kept out of the
  /// table (cp.answer, cp.error): commands say what they hold in words.
  void record(const model::Json& document);
  /// A record that is NDJSON text already (hot paths); tables are not supported.
  void raw_line(std::string_view line);
  /// A line for people under or between the records, in table form only.
  void line(std::string_view text);
  /// Sends on what is buffered.
  Result<void> flush();
  /// Prints what is left, and puts the file of -o in place.
  Result<void> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The one line in which DOCUMENT's value at PATH is shown by SHOW; "" when it is absent.
std::string show_cell(const model::Json& document, std::string_view path, Show show);

}  // namespace cp::cli
