// SPDX-License-Identifier: Apache-2.0
#include "transfer/deputy_message.hpp"

#include "transfer/agreement.hpp"
#include "transfer/limits.hpp"
#include "transfer/wire.hpp"

#include <algorithm>
#include <atomic>

namespace cp::transfer {
namespace {

constexpr std::size_t kWordsOfError = 4096;
constexpr std::size_t kProviderBytes = 64;
constexpr std::uint64_t kMostCounted = std::uint64_t{1} << 62U;

std::array<std::atomic<std::uint64_t>*, Figures::count> counters_of(Tally& tally) {
  return {&tally.files_found,   &tally.bytes_found,     &tally.files_placed,  &tally.bytes_placed,
          &tally.files_skipped, &tally.bytes_skipped,   &tally.bytes_durable, &tally.bytes_carried,
          &tally.payload_plain, &tally.payload_carried, &tally.reading_ns,    &tally.compressing_ns,
          &tally.sending_ns,    &tally.placing_ns,      &tally.pacing_ns};
}

void put_figures(WireWriter& out, const Figures& figures) {
  for (const std::uint64_t value : figures.values) {
    out.put(value);
  }
  out.put(static_cast<std::uint8_t>(figures.walk_ended));
}

Figures get_figures(WireReader& in) {
  Figures figures;
  for (std::uint64_t& value : figures.values) {
    value = std::min(in.get<std::uint64_t>(), kMostCounted);
  }
  figures.walk_ended = in.get<std::uint8_t>() != 0;
  return figures;
}

void put_error_or_none(WireWriter& out, const std::optional<Error>& error) {
  Error told = error.value_or(Error{Errc::failed, "", ""});
  told.message.resize(std::min(told.message.size(), kWordsOfError));
  told.hint.resize(std::min(told.hint.size(), kWordsOfError));
  out.put(static_cast<std::uint8_t>(error.has_value()));
  out.put_text(error ? encode(SessionError{std::move(told)}) : "");
}

Result<std::optional<Error>> get_error_or_none(WireReader& in) {
  const bool has_one = in.get<std::uint8_t>() != 0;
  const std::string_view text = in.get_text();
  if (!has_one) {
    return std::nullopt;
  }
  CP_TRY_ASSIGN(SessionError told, decode<SessionError>(text));
  return std::optional(std::move(told.error));
}

void put_result(WireWriter& out, const Account& account) {
  const FinalResult result = account.result.value_or(FinalResult{});
  out.put(static_cast<std::uint8_t>(account.result.has_value()))
      .put(result.files)
      .put(result.bytes)
      .put_bytes(result.digest.bytes)
      .put(result.deleted);
}

void get_result(WireReader& in, Account& account) {
  const bool has_one = in.get<std::uint8_t>() != 0;
  FinalResult result;
  result.files = std::min(in.get<std::uint64_t>(), kMostCounted);
  result.bytes = std::min(in.get<std::uint64_t>(), kMostCounted);
  result.digest = in.get_digest();
  result.deleted = std::min(in.get<std::uint64_t>(), kMostCounted);
  if (has_one) {
    account.result = result;
  }
}

bool is_plain_word(std::string_view text) {
  return text.size() <= kProviderBytes && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == ';' ||
                  c == '-' || c == '.';
         });
}

Result<void> check_account(const Account& account) {
  constexpr std::array<std::string_view, 4> kRailsThatEnd{"", "local", "tcp", "fabric"};
  const bool can_be =
      is_transfer_id(account.id) && account.attempt >= 1 && account.attempt < kMostCounted &&
      std::ranges::count(kRailsThatEnd, account.rail) != 0 && is_plain_word(account.provider) &&
      account.streams <= static_cast<std::size_t>(limits::streams) &&
      (account.result || account.error || account.is_planned);
  return can_be ? Result<void>() : fail(Errc::protocol, "an outcome that cannot be");
}

Result<Account> get_account(WireReader& in) {
  Account account;
  account.id = in.get_text();
  account.attempt = in.get<std::uint64_t>();
  account.rail = in.get_text();
  account.provider = in.get_text();
  account.streams = in.get<std::uint32_t>();
  account.encrypted = in.get<std::uint8_t>() != 0;
  account.is_planned = in.get<std::uint8_t>() != 0;
  const auto compression = parse_compression(in.get_text());
  get_result(in, account);
  CP_TRY_ASSIGN(account.error, get_error_or_none(in));
  if (!compression) {
    return fail(Errc::protocol, "an outcome that cannot be");
  }
  account.compression = *compression;
  return account;
}

}  // namespace

Figures figures_of(Tally& tally) {
  Figures figures;
  std::ranges::transform(counters_of(tally), figures.values.begin(),
                         [](const auto* counter) { return counter->load(); });
  figures.walk_ended = tally.walk_ended;
  return figures;
}

void set_figures(const Figures& figures, Tally& tally) {
  const auto counters = counters_of(tally);
  for (std::size_t i = 0; i < counters.size(); ++i) {
    *counters[i] = figures.values[i];
  }
  tally.walk_ended = figures.walk_ended;
}

std::string encode(const Word& message) {
  WireWriter out;
  out.put(static_cast<std::uint8_t>(message.kind));
  if (message.kind == Word::Kind::progress) {
    put_figures(out, message.figures);
  } else if (message.kind == Word::Kind::failed) {
    out.put_text(message.failed.path);
    put_error_or_none(out, message.failed.error);
  } else {
    out.put_text(message.from).put_text(message.to);
  }
  return out.take();
}

template <>
Result<Word> decode(std::string_view body) {
  WireReader in(body);
  Word word{.kind = static_cast<Word::Kind>(in.get<std::uint8_t>())};
  if (word.kind < Word::Kind::progress || word.kind > Word::Kind::would_delete) {
    return fail(Errc::protocol, "a word that is not known");
  }
  if (word.kind == Word::Kind::progress) {
    word.figures = get_figures(in);
  } else if (word.kind == Word::Kind::failed) {
    word.failed.path = in.get_text();
    CP_TRY_ASSIGN(const auto error, get_error_or_none(in));
    word.failed.error = error.value_or(Error{Errc::failed, "failed", ""});
  } else {
    word.from = in.get_text();
    word.to = in.get_text();
  }
  return in.at_end() ? Result<Word>(std::move(word)) : fail(Errc::protocol, "a word that is cut");
}

std::string encode(const Outcome& message) {
  WireWriter out;
  const Account& account = message.account;
  put_error_or_none(out, message.refused);
  out.put(static_cast<std::uint8_t>(message.has_no_way));
  out.put_text(account.id)
      .put(account.attempt)
      .put_text(account.rail)
      .put_text(account.provider)
      .put(static_cast<std::uint32_t>(account.streams))
      .put(static_cast<std::uint8_t>(account.encrypted))
      .put(static_cast<std::uint8_t>(account.is_planned))
      .put_text(to_text(account.compression));
  put_result(out, account);
  put_error_or_none(out, account.error);
  put_figures(out, message.figures);
  return out.take();
}

template <>
Result<Outcome> decode(std::string_view body) {
  WireReader in(body);
  Outcome outcome;
  CP_TRY_ASSIGN(outcome.refused, get_error_or_none(in));
  outcome.has_no_way = in.get<std::uint8_t>() != 0;
  CP_TRY_ASSIGN(outcome.account, get_account(in));
  outcome.figures = get_figures(in);
  if (!in.at_end()) {
    return fail(Errc::protocol, "an outcome that is cut");
  }
  if (!outcome.refused) {
    CP_TRY(check_account(outcome.account));
  }
  return outcome;
}

std::string encode(const Relayed& message) {
  WireWriter out;
  out.put(static_cast<std::uint8_t>(message.is_end))
      .put(static_cast<std::uint32_t>(message.bytes.size()))
      .put_bytes(std::as_bytes(std::span(message.bytes)));
  put_error_or_none(out, message.error);
  return out.take();
}

template <>
Result<Relayed> decode(std::string_view body) {
  WireReader in(body);
  Relayed message{.is_end = in.get<std::uint8_t>() != 0};
  const auto bytes = in.get_bytes(in.get<std::uint32_t>());
  message.bytes.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  CP_TRY_ASSIGN(message.error, get_error_or_none(in));
  return in.at_end() ? Result<Relayed>(std::move(message))
                     : fail(Errc::protocol, "a relayed message that is cut");
}

}  // namespace cp::transfer
