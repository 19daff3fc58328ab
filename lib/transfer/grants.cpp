// SPDX-License-Identifier: Apache-2.0
#include "transfer/grants.hpp"

#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace cp::transfer {
namespace {

// A sync for each of these is nothing beside the data, and no kill costs more of a grant.
constexpr std::uint64_t kReserved = std::uint64_t{256} << 20U;
constexpr std::uint64_t kShares = 16;
constexpr std::int64_t kForgetAfter = 24 * 3600;

constexpr std::array<std::string_view, 1> kSpendingMigrations{
    "CREATE TABLE spent (token TEXT NOT NULL, grant_text TEXT NOT NULL, bytes INTEGER NOT NULL, "
    "expires INTEGER NOT NULL, PRIMARY KEY (token, grant_text)) WITHOUT ROWID"};

class MeteredReceiver final : public ChunkReceiver {
 public:
  MeteredReceiver(std::unique_ptr<ChunkReceiver> stream, Meter& meter)
      : stream_(std::move(stream)), meter_(meter) {}
  Result<std::optional<ReceivedChunk>> next() override {
    CP_TRY_ASSIGN(auto chunk, stream_->next());
    if (chunk) {
      CP_TRY(meter_.spend(chunk->header.length));
    }
    return chunk;
  }
  Result<void> placed() override { return stream_->placed(); }
  void interrupt() override { stream_->interrupt(); }

 private:
  std::unique_ptr<ChunkReceiver> stream_;
  Meter& meter_;
};

class MeteredSender final : public ChunkSender {
 public:
  MeteredSender(std::unique_ptr<ChunkSender> stream, Meter& meter)
      : stream_(std::move(stream)), meter_(meter) {}
  Result<std::span<std::byte>> slot() override { return stream_->slot(); }
  Result<void> send(ChunkHeader header) override {
    CP_TRY(meter_.spend(header.length));
    return stream_->send(header);
  }
  std::uint64_t placed() const override { return stream_->placed(); }
  Result<void> drain() override { return stream_->drain(); }
  void interrupt() override { stream_->interrupt(); }

 private:
  std::unique_ptr<ChunkSender> stream_;
  Meter& meter_;
};

template <class Metered, class Stream>
std::vector<std::unique_ptr<Stream>> all_metered(std::vector<std::unique_ptr<Stream>> streams,
                                                 Meter& meter) {
  for (auto& stream : streams) {
    stream = std::make_unique<Metered>(std::move(stream), meter);
  }
  return streams;
}

}  // namespace

Result<Permit> permit_of(const identity::Token& token, std::string_view op,
                         const std::vector<std::string>& paths) {
  for (const identity::Grant& grant : token.grants) {
    identity::Token alone = token;
    alone.grants = {grant};
    const auto covers = [&](const std::string& path) {
      return alone.allows({.op = op, .path = path}) != nullptr;
    };
    if (grant.op == op && !paths.empty() && std::ranges::all_of(paths, covers)) {
      return Permit{token.id, model::to_line(to_json(grant)), grant.bytes, token.expires};
    }
  }
  return fail(Errc::denied, "the token does not allow to {} there", op);
}

Result<std::unique_ptr<Spending>> Spending::open(const std::string& path) {
  CP_TRY_ASSIGN(auto database, store::Database::open(path, {.migrations = kSpendingMigrations}));
  return std::make_unique<Spending>(std::move(database));
}

Result<std::uint64_t> Spending::reserve(const Permit& permit, std::uint64_t wanted) {
  const std::scoped_lock lock(mutex_);
  CP_TRY_ASSIGN(auto transaction, store::Transaction::begin(database_));
  CP_TRY_ASSIGN(auto find, database_.prepare("SELECT bytes FROM spent WHERE token = ?1 AND "
                                             "grant_text = ?2"));
  find.bind(1, permit.token).bind(2, permit.grant);
  CP_TRY_ASSIGN(const bool found, find.step());
  const auto spent = found ? static_cast<std::uint64_t>(find.integer(0)) : 0;
  find.reset();
  const std::uint64_t limit = permit.bytes.value_or(0);
  const std::uint64_t given = std::min(wanted, limit - std::min(limit, spent));
  CP_TRY_ASSIGN(auto put, database_.prepare("INSERT OR REPLACE INTO spent VALUES (?1, ?2, ?3, "
                                            "?4)"));
  CP_TRY(put.bind(1, permit.token)
             .bind(2, permit.grant)
             .bind(3, static_cast<std::int64_t>(spent + given))
             .bind(4, permit.expires)
             .run());
  CP_TRY_ASSIGN(auto forget, database_.prepare("DELETE FROM spent WHERE expires < ?1"));
  CP_TRY(forget.bind(1, unix_milliseconds(SystemClock().now()) / 1'000 - kForgetAfter).run());
  CP_TRY(transaction.commit());
  return given;
}

Result<void> Spending::give_back(const Permit& permit, std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  CP_TRY_ASSIGN(auto put, database_.prepare("UPDATE spent SET bytes = max(0, bytes - ?3) WHERE "
                                            "token = ?1 AND grant_text = ?2"));
  return put.bind(1, permit.token)
      .bind(2, permit.grant)
      .bind(3, static_cast<std::int64_t>(bytes))
      .run();
}

Meter::~Meter() {
  if (reserved_ != 0) {
    // Should it fail, the bearer has a little less.
    static_cast<void>(spending_.give_back(permit_, reserved_));
  }
}

Result<void> Meter::spend(std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  if (unix_milliseconds(clock_.now()) / 1'000 >= permit_.expires) {
    return fail(Errc::denied, "the token has expired");
  }
  if (!permit_.bytes) {
    return {};
  }
  if (reserved_ < bytes) {
    const std::uint64_t share = std::min(kReserved, *permit_.bytes / kShares);
    CP_TRY_ASSIGN(const std::uint64_t more,
                  spending_.reserve(permit_, std::max(bytes - reserved_, share)));
    reserved_ += more;
  }
  if (reserved_ < bytes) {
    return fail(Errc::denied, "the token allows no more bytes");
  }
  reserved_ -= bytes;
  return {};
}

std::vector<std::unique_ptr<ChunkReceiver>> metered(
    std::vector<std::unique_ptr<ChunkReceiver>> streams, Meter& meter) {
  return all_metered<MeteredReceiver>(std::move(streams), meter);
}

std::vector<std::unique_ptr<ChunkSender>> metered(std::vector<std::unique_ptr<ChunkSender>> streams,
                                                  Meter& meter) {
  return all_metered<MeteredSender>(std::move(streams), meter);
}

}  // namespace cp::transfer
