// SPDX-License-Identifier: Apache-2.0
#include "market/import.hpp"

#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "market/line_reader.hpp"
#include "market/ndjson.hpp"
#include "market/osg.hpp"
#include "market/skypilot.hpp"
#include "market/sparecores.hpp"
#include "market/top500.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace cp::market {
namespace {

constexpr std::array<std::pair<std::string_view, Format>, 6> kFormats{{
    {"auto", Format::automatic},
    {"ndjson", Format::ndjson},
    {"skypilot", Format::skypilot},
    {"sparecores", Format::sparecores},
    {"osg", Format::osg},
    {"top500", Format::top500},
}};

// What the user calls the catalog.
const std::string& said_file(const ImportRequest& request) {
  return request.origin.empty() ? request.file : request.origin;
}

// A URL is a name and nothing that lies on this machine.
bool looks_like_osg(const ImportRequest& request) {
  const std::string_view url = request.origin;
  return url.empty() ? may_be_osg(request.file) : is_osg_name(url.substr(0, url.find('?')));
}

std::string_view name_of(Format format) { return kFormats[static_cast<std::size_t>(format)].first; }

// SkyPilot's catalogs do not say so in the files: their documentation gives prices in US dollars.
constexpr std::string_view kSkypilotCurrency = "USD";

Format format_of_json(std::string_view line) {
  const auto json = model::parse_json(line);
  if (!json) {
    return line.find("\"server_id\"") != std::string_view::npos ? Format::sparecores
                                                                : Format::ndjson;
  }
  const bool is_server =
      model::find(*json, "server_id") != nullptr && model::find(*json, "vendor_id") != nullptr;
  return is_server ? Format::sparecores : Format::ndjson;
}

Result<Format> detect(LineReader& lines, const std::string& file) {
  CP_TRY_ASSIGN(const auto first, lines.peek());
  if (!first) {
    return fail(Errc::bad_data, "{} is empty", file);
  }
  if (first->is_too_long) {
    return with_hint(fail(Errc::bad_data, "{}: its first line is longer than {} bytes", file,
                          limits::import_line_bytes),
                     "--format says what it is");
  }
  const std::string_view line = text::trim(first->text);
  if (line.starts_with('{') || line.starts_with('[')) {
    return format_of_json(line);
  }
  if (is_skypilot_header(line) || is_skypilot_price_list(line)) {
    return Format::skypilot;
  }
  if (is_top500_header(line)) {
    return Format::top500;
  }
  return with_hint(
      fail(Errc::bad_data, "{}: its first line belongs to no format that is known", file),
      "documents of our own, SkyPilot's vms.csv, SpareCores' servers.ndjson, a TOP500 list as CSV "
      "and "
      "the Open Science Grid's topology are");
}

// Whether the first value of the file ends on its line, as in NDJSON.
Result<bool> is_one_a_line(LineReader& lines) {
  CP_TRY_ASSIGN(const auto first, lines.peek());
  if (first && first->is_too_long) {
    return true;
  }
  const std::string_view line = first ? text::trim(first->text) : std::string_view{};
  return !line.starts_with('[') && line != "{" && !line.empty();
}

Result<void> read(LineReader& lines, const ImportRequest& request, Format format,
                  CacheImport& import, Lint& lint) {
  switch (format) {
    case Format::skypilot:
      return import_skypilot(
          lines,
          {request.provider,
           request.currency.empty() ? std::string(kSkypilotCurrency) : request.currency,
           request.as_of},
          import, lint);
    case Format::sparecores:
      return import_sparecores(lines, said_file(request), import, lint);
    case Format::top500:
      return import_top500(lines, request.as_of, import, lint);
    case Format::osg:  // has no lines
    case Format::automatic:
    case Format::ndjson:
      break;
  }
  CP_TRY_ASSIGN(const bool one_a_line, is_one_a_line(lines));
  if (one_a_line || request.file == "-") {
    return import_ndjson(lines, said_file(request), import, lint);
  }
  return import_documents(request.file, import, lint);
}

Result<void> read_osg(const ImportRequest& request, CacheImport& import, Lint& lint) {
  return request.origin.empty()
             ? import_osg(request.file, request.provider, import, lint)
             : import_osg_from(request.origin, request.file, request.provider, import, lint);
}

Result<void> check(const ImportRequest& request) {
  constexpr std::size_t longest = 128;
  if (request.name.empty() || request.name.size() > longest || !utf8::is_valid(request.name)) {
    return fail(Errc::usage, "the name of a source is UTF-8 of 1 to {} bytes", longest);
  }
  for (const std::string_view prefix : {"registry:", "agent:"}) {
    if (request.name.starts_with(prefix)) {
      return with_hint(fail(Errc::usage, "'{}': names that begin with {} are those of live sources",
                            request.name, prefix),
                       "--name gives it another");
    }
  }
  if (!request.currency.empty() && !is_currency(request.currency)) {
    return fail(Errc::usage, "'{}' is no currency of ISO 4217", request.currency);
  }
  if (!request.as_of.empty() && !parse_time(request.as_of)) {
    return fail(Errc::usage, "'{}' is no time of RFC 3339", request.as_of);
  }
  return {};
}

Result<void> judge(const ImportRequest& request, const CacheImport& import, const Lint& lint) {
  if (request.is_strict && !lint.is_clean()) {
    return fail(Errc::bad_data,
                "{}: {} rows would be kept out, {} repaired and {} merged: nothing was taken",
                said_file(request), lint.rejected(), lint.repaired(), lint.merged());
  }
  if (import.rows() == 0) {
    return fail(Errc::bad_data, "{}: not one of its rows can be used", said_file(request));
  }
  return {};
}

}  // namespace

std::optional<Format> format_named(std::string_view name) {
  for (const auto& [text, format] : kFormats) {
    if (text == name) {
      return format;
    }
  }
  return std::nullopt;
}

std::string source_name(std::string_view file) {
  if (file == "-") {
    return "stdin";
  }
  std::string_view name = base_name(file);
  const std::string parent = parent_of(file);
  const std::string_view folder = base_name(parent);
  if ((name == "vms.csv" || name == "pricing.csv") && folder != "." && folder != "/" &&
      folder != "..") {
    return std::string(folder);
  }
  const auto cut = text::cut_last(name, '.');
  return std::string(cut && !cut->before.empty() ? cut->before : name);
}

Result<SourceInfo> import_catalog(Cache& cache, const ImportRequest& given, const Clock& clock,
                                  Lint& lint) {
  ImportRequest request = given;
  request.name = request.name.empty() ? source_name(request.file) : request.name;
  request.provider = request.provider.empty() ? request.name : request.provider;
  CP_TRY(check(request));
  Format format = request.format;
  if (format == Format::automatic && looks_like_osg(request)) {
    format = Format::osg;
  }
  std::optional<LineReader> lines;
  if (format != Format::osg) {
    CP_TRY_ASSIGN(lines, LineReader::open(request.file));
  }
  if (format == Format::automatic) {
    CP_TRY_ASSIGN(format, detect(*lines, said_file(request)));
  }
  SourceInfo source;
  source.name = request.name;
  source.kind = name_of(format);
  source.file = said_file(request);
  source.as_of = request.as_of;
  source.imported_at = format_time(std::chrono::floor<std::chrono::seconds>(clock.now()));
  CP_TRY_ASSIGN(CacheImport import, CacheImport::begin(cache, std::move(source)));
  CP_TRY(lines ? read(*lines, request, format, import, lint) : read_osg(request, import, lint));
  CP_TRY(judge(request, import, lint));
  return import.commit(lint);
}

}  // namespace cp::market
