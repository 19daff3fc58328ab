// SPDX-License-Identifier: Apache-2.0
#include "market/sql.hpp"

#include "catalog_fixture.hpp"
#include "market/subject.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <random>
#include <set>

using cp::market::Cache;
using cp::market::Demand;
using cp::market::DemandFlags;
using cp::market::Sql;
using cp::market::SqlTranslator;
using cp::market::Terms;
using cp::model::Json;
using cp::model::Truth;

namespace {

// Resources of every kind of ignorance.
constexpr std::string_view kResources =
    R"({"schema":"cp.resource/1","kind":"instance-type","name":"cloud","place":{"region":"cn-sh","country":"CN"},"node":{"cpu":{"threads":16},"memory_bytes":68719476736,"accelerators":[],"network":[]},"prices":[{"unit":"node-hour","terms":"on-demand","price":{"amount":"1.25","currency":"USD"}},{"unit":"node-hour","terms":"spot","price":{"amount":"0.5","currency":"USD"}}]}
{"schema":"cp.resource/1","kind":"partition","name":"pool","place":{"region":"CN-BJ"},"nodes":64,"node":{"cpu":{"cores":112,"threads":224,"arch":"x86_64","vendor":"intel"},"memory_bytes":2199023255552,"disk_bytes":0,"accelerators":[{"vendor":"nvidia","model":"H100-SXM-80GB","count":8,"memory_bytes":85899345920}],"network":[{"type":"infiniband","rate_bps":4e11,"rdma":true}]},"limits":{"walltime_s":604800,"nodes_per_job":32},"prices":[{"unit":"card-hour","terms":"on-demand","quantum_s":60,"minimum_s":600,"price":{"amount":"14.50","currency":"CNY"}}]}
{"schema":"cp.resource/1","kind":"node","name":"family","node":{"cpu":{"cores":64},"accelerators":[{"model":"H100","count":4}]},"prices":[{"unit":"core-hour","terms":"internal","price":{"amount":"0.10","currency":"CNY"}}]}
{"schema":"cp.resource/1","kind":"node","name":"dark"}
{"schema":"cp.resource/1","kind":"node","name":"100% a_b","place":{"region":"x\\y"},"node":{"accelerators":[{"native_name":"VG1000","count":1}]}}
{"schema":"cp.resource/1","kind":"instance-type","name":"share","node":{"accelerators":[{"model":"A10","count":1,"share":0.167}]},"prices":[{"unit":"node-hour","price":{"amount":"0.45","currency":"USD"}}]}
{"schema":"cp.resource/1","kind":"node","name":"uncounted","node":{"accelerators":[{"count":2}],"network":[{"type":"ethernet","rate_bps":1e10}]},"prices":[{"unit":"card-hour","terms":"on-demand","price":{"amount":"10","currency":"CNY"}}]}
{"schema":"cp.resource/1","kind":"instance-type","name":"thirds","node":{"cpu":{"threads":8,"cores":4},"accelerators":[{"model":"T4","count":3}]},"prices":[{"unit":"node-hour","price":{"amount":"10","currency":"CNY"}}]}
)";

constexpr std::string_view kConditions[] = {
    "cpus >= 16",
    "cpus = 112 or memory > 1TB",
    "not cpus < 100",
    "threads in [16, 200..300]",
    "disk >= 0",
    "disk > 0",
    "region like \"cn-*\"",
    "region not like \"*-sh\"",
    "region = cn-bj",
    "region != cn-bj",
    "region in [cn-bj, cn-sh]",
    "region = \"x\\\\y\"",
    "region like \"x\\\\*\"",
    "name like \"100% a_b\"",
    "name like \"*_*\"",
    "name like \"1000*\"",
    "kind = node and not city = Berlin",
    "city like \"*\"",
    "gpu.model = H100",
    "gpu.model = H100-SXM",
    "gpu.model = H100-NVL",
    "gpu.model != H100",
    "gpu.model not in [H100, T4]",
    "gpu.model = vg1000",
    "gpu.model = VG-1000",
    "gpu.model like \"h100*\"",
    "not gpu.model = H100",
    "gpu.count = 0",
    "gpu.count >= 1",
    "gpu.count < 1",
    "gpu.memory >= 80GB",
    "not gpu.memory >= 80GB",
    "gpu.vendor = NVIDIA",
    "gpu.model = H100 and gpu.count >= 8",
    "gpu.model = T4 or gpu.memory < 1TB",
    "gpu.memory < memory",
    "gpu.count < nodes",
    "network >= 10Gbps",
    "rdma >= 100Gbps",
    "rdma = 0",
    "limit.walltime >= 7d",
    "limit.nodes < demand.nodes",
    "cpus >= demand.cpus",
    "demand.gpus >= 4",
    "demand.duration > 1h",
    "demand.disk > 1GB",
    "price.hour <= 2USD",
    "price.hour <= 1.25USD",
    "price.hour < 1.25USD",
    "price.hour > 0CNY",
    "price.hour != 1.25USD",
    "price.hour in [1USD..2USD, 232CNY]",
    "price.hour = 232CNY",
    "price.card_hour <= 14.50CNY",
    "price.card_hour < 3.333333334CNY and price.card_hour >= 3.333333333CNY",
    "price.job <= 5USD",
    "price.job <= 99999999999999CNY",
    "price.job = 40CNY or price.job = 928CNY",
    "price.hour < price.job",
    "price.terms = on-demand",
    "price.terms = spot",
    "source = resources",
    "source like \"x*\"",
    "not source = resources",
    "trust = unsigned",
    "runnable",
    "not runnable",
    "runnable = false",
    "availability = free",
    "wait < 1h",
    "free.cards > 0",
    "id = \"cp:0/X\"",
    "nodes >= 2 or kind = \"instance-type\"",
};

class Both {
 public:
  explicit Both(Terms terms) : terms_(terms) {
    DemandFlags flags;
    flags.duration_s = 14400;
    flags.cpus.low = 16;
    flags.gpu = cp::market::GpuWish{};
    flags.gpu->count.low = 4;
    flags.nodes = 4;
    demand_.emplace(*Demand::from_flags(flags));
    REQUIRE(fixture_.import_text("resources.ndjson", kResources));
    CHECK(fixture_.faults.empty());
    models_ = *fixture_.cache().models();
    sources_ = *fixture_.cache().sources();
  }

  // What SQL says of each row.
  std::map<std::int64_t, Truth> by_sql(const cp::model::Condition& condition) {
    const SqlTranslator translator(*demand_, terms_, models_, sources_);
    Sql sql{"SELECT row, ", {}};
    (sql += translator.truth(condition)) += " FROM offers";
    auto statement = fixture_.cache().database().prepare(sql.text);
    INFO(sql.text);
    REQUIRE(statement);
    bind(*statement, sql);
    std::map<std::int64_t, Truth> truths;
    while (*statement->step()) {
      truths[statement->integer(0)] = statement->is_null(1)        ? Truth::unknown
                                      : statement->integer(1) != 0 ? Truth::yes
                                                                   : Truth::no;
    }
    return truths;
  }

  // The rows that the necessary part of CONDITION leaves.
  std::set<std::int64_t> by_index(const cp::model::Condition& condition) {
    const SqlTranslator translator(*demand_, terms_, models_, sources_);
    const Sql necessary = translator.necessary(condition);
    Sql sql{"SELECT row FROM offers WHERE 1", {}};
    if (!necessary.text.empty()) {
      (sql += " AND ") += necessary;
    }
    auto statement = fixture_.cache().database().prepare(sql.text);
    REQUIRE(statement);
    bind(*statement, sql);
    std::set<std::int64_t> rows;
    while (*statement->step()) {
      rows.insert(statement->integer(0));
    }
    return rows;
  }

  // What the language itself says of a row.
  Truth by_evaluation(const cp::model::Condition& condition, std::int64_t number) {
    auto stored = fixture_.cache().load(number);
    REQUIRE(stored);
    Json document = stored->document.empty() ? Json() : *cp::model::parse_json(stored->document);
    const auto subject =
        make_subject(std::move(stored->row), std::move(document),
                     {"resources", 0, "unsigned", "", false}, {}, *demand_, terms_);
    return evaluate(condition, subject.view, demand_->document());
  }

 private:
  Terms terms_;
  CatalogFixture fixture_;
  std::optional<Demand> demand_;
  std::vector<std::string> models_;
  std::vector<cp::market::SourceInfo> sources_;
};

void check_agreement(Both& both, const std::string& text) {
  INFO(text);
  const auto condition = cp::model::parse_condition(text);
  REQUIRE(condition);
  const auto left = both.by_index(*condition);
  for (const auto& [row, truth] : both.by_sql(*condition)) {
    INFO("row " << (row & 0xFF));
    CHECK(static_cast<int>(truth) == static_cast<int>(both.by_evaluation(*condition, row)));
    CHECK((truth == Truth::no || left.contains(row)));
  }
}

}  // namespace

TEST_CASE("SQL and the language agree on each condition and each kind of ignorance") {
  for (const Terms terms : {Terms::firm, Terms::spot}) {
    Both both(terms);
    for (const std::string_view condition : kConditions) {
      check_agreement(both, std::string(condition));
    }
  }
}

TEST_CASE("SQL and the language agree on what is made of conditions") {
  Both both(Terms::firm);
  std::mt19937 random(7);
  const auto pick = [&] {
    return "(" + std::string(kConditions[random() % std::size(kConditions)]) + ")";
  };
  for (int i = 0; i < 150; ++i) {
    std::string text = pick();
    for (unsigned part = random() % 4; part > 0; --part) {
      text = (random() % 3 == 0 ? "not " : "") + pick() + (random() % 2 == 0 ? " and " : " or ") +
             text;
    }
    check_agreement(both, text);
  }
}

TEST_CASE("what a user writes reaches SQL as values only") {
  Both both(Terms::firm);
  for (const std::string text : {"x' OR 1=1 --", "\"; DROP TABLE offers; --", "%' OR '%'='"}) {
    check_agreement(both, "name = " + cp::model::quoted(text));
    check_agreement(both, "name like " + cp::model::quoted(text));
    check_agreement(both, "gpu.model = " + cp::model::quoted(text));
    check_agreement(both, "source = " + cp::model::quoted(text));
  }
}
