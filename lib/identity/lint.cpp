// SPDX-License-Identifier: Apache-2.0
#include "identity/lint.hpp"

#include "identity/resource_rules.hpp"
#include "model/accelerators.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace cp::identity {
namespace {

using model::Json;

// What a reader looks for first; each with what it is good for.
struct Wanted {
  std::string_view path;
  std::string_view why;
};
constexpr std::array<Wanted, 9> kWanted{{
    {"name", "people call it by its code alone"},
    {"place.country", "nobody can ask for it by country"},
    {"nodes", "nobody knows how much of it there is"},
    {"node.cpu.cores", "jobs that ask for cores pass it over"},
    {"node.cpu.arch", "nobody knows what runs on it"},
    {"node.memory_bytes", "jobs that ask for memory pass it over"},
    {"prices", "whoever asks for a price passes it over"},
    {"access", "nothing can be launched or moved there"},
    {"limits.walltime_s", "nobody knows how long a job may run"},
}};

// The largest values that a single machine of these years can have, with room above; a total that
// was given for one, or a unit that was mistaken, is past them (DESIGN §6).
struct Bound {
  std::string_view path;
  double least;
  double most;
  std::string_view message;
};
constexpr double kGiB = 1024.0 * 1024 * 1024;
constexpr std::array<Bound, 8> kBounds{{
    {"nodes", 1, 1e6, "a resource of so many nodes"},
    {"node.cpu.sockets", 1, 32, "a node with so many sockets"},
    {"node.cpu.cores", 1, 4'096, "a node with so many cores"},
    {"node.cpu.threads", 1, 32'768, "a node with so many threads"},
    {"node.cpu.clock_hz", 1e8, 1e10, "a clock of so many hertz: the unit is hertz"},
    {"node.memory_bytes", 64 * 1024 * 1024.0, 128 * 1024 * kGiB,
     "a node with so much memory: the unit is bytes"},
    {"node.disk_bytes", kGiB, 1e7 * kGiB, "a node with so much disk: the unit is bytes"},
    {"limits.walltime_s", 60, 366 * 86'400.0, "a time limit of so many seconds"},
}};

// GLUE 2 and its kin write these for "unknown" (DESIGN §4: unknown is absent or null).
bool is_placeholder(double value) {
  return value == -1 || value == 4444 || value == 9999 || value == 99999 || value == 999999 ||
         value == 9999999 || value == 99999999 || value == 999999999 || value == 9999999999;
}

class Linter {
 public:
  explicit Linter(const Json& record) : record_(record) {}

  std::vector<Finding> run() {
    find_missing();
    find_placeholders(record_, "");
    check_bounds();
    check_cores();
    each("node.accelerators", [this](const Json& a, const std::string& at) { check_card(a, at); });
    each("node.network", [this](const Json& n, const std::string& at) { check_port(n, at); });
    each("performance", [this](const Json& f, const std::string& at) { check_figure(f, at); });
    each("prices", [this](const Json& p, const std::string& at) { check_price(p, at); });
    each("access", [this](const Json& a, const std::string& at) { check_access(a, at); });
    return std::move(findings_);
  }

 private:
  void add(std::string_view reason, std::string place, std::string message) {
    findings_.push_back({std::string(reason), std::move(place), std::move(message)});
  }

  template <class Check>
  void each(const std::string& path, const Check& check) {
    const Json* list = model::find(record_, path);
    for (std::size_t i = 0; list != nullptr && list->is_array() && i < list->size(); ++i) {
      check((*list)[i], fmt::format("{}[{}]", path, i));
    }
  }

  void find_missing() {
    for (const Wanted& wanted : kWanted) {
      const Json* value = model::find(record_, wanted.path);
      if (value == nullptr || (value->is_array() && value->empty())) {
        add("missing", std::string(wanted.path), std::string(wanted.why));
      }
    }
  }

  void find_placeholders(const Json& value, const std::string& place) {
    if (value.is_number() && is_placeholder(value.get<double>())) {
      add("impossible", place, fmt::format("{} stands for unknown; leave it out", value.dump()));
    }
    for (auto part = value.begin(); value.is_structured() && part != value.end(); ++part) {
      const std::string name = value.is_object()
                                   ? (place.empty() ? "" : ".") + part.key()
                                   : fmt::format("[{}]", std::distance(value.begin(), part));
      find_placeholders(*part, place + name);
    }
  }

  void check_bounds() {
    for (const Bound& bound : kBounds) {
      const auto value = model::number_at(record_, bound.path);
      if (value && !is_placeholder(*value) && (*value < bound.least || *value > bound.most)) {
        add("impossible", std::string(bound.path),
            fmt::format("{}: {}", std::string(bound.message), *value));
      }
    }
  }

  void check_cores() {
    const auto cores = model::int_at(record_, "node.cpu.cores");
    const auto threads = model::int_at(record_, "node.cpu.threads");
    const auto sockets = model::int_at(record_, "node.cpu.sockets");
    if (cores && threads && *threads < *cores) {
      add("impossible", "node.cpu.threads", "there are fewer threads than cores");
    }
    if (cores && sockets && *cores < *sockets) {
      add("impossible", "node.cpu.cores", "there are fewer cores than sockets");
    }
  }

  void check_card(const Json& card, const std::string& at) {
    const auto model_name = model::text_at(card, "model");
    const auto count = model::int_at(card, "count");
    const auto bytes = model::number_at(card, "memory_bytes");
    if (!model_name) {
      add("missing", at + ".model", "nobody can ask for it by its model");
    }
    if (count && *count > 64) {
      add("impossible", at + ".count", fmt::format("{} cards in one node", *count));
    }
    if (!bytes) {
      add("missing", at + ".memory_bytes", "whoever asks for card memory passes it over");
    } else if (*bytes < kGiB / 4 || *bytes > 2'048 * kGiB) {
      add("impossible", at + ".memory_bytes", "of one card: the unit is bytes");
    } else if (model_name && count && *count > 1) {
      check_total(*model_name, *bytes, *count, at);
    }
  }

  // The memory of all cards of a node, given for one.
  void check_total(const std::string& model_name, double bytes, std::int64_t count,
                   const std::string& at) {
    const auto name = model::AcceleratorName::recognise(model_name);
    const auto known = name.memory_bytes();
    if (known && std::fabs(bytes - static_cast<double>(*known) * static_cast<double>(count)) <
                     static_cast<double>(*known) / 2) {
      add("impossible", at + ".memory_bytes",
          fmt::format("the memory of all {} cards is given for one", count));
    }
  }

  void check_port(const Json& port, const std::string& at) {
    const auto rate = model::number_at(port, "rate_bps");
    if (!rate) {
      add("missing", at + ".rate_bps", "whoever asks for a fabric passes it over");
    } else if (*rate < 1e6 || *rate > 1e13) {
      add("impossible", at + ".rate_bps", "the unit is bits per second");
    }
  }

  // A card of these years does some 2e16 operations a second of the coarsest kind, the largest
  // system some 1e21; what is below is in tera.
  void check_flops(const Json& figure, const std::string& at) {
    constexpr double kLeast = 1e8;
    const double value = model::number_at(figure, "value").value_or(kLeast);
    const std::string per = model::text_at(figure, "per").value_or("system");
    const double most = per == "core"          ? 1e14
                        : per == "accelerator" ? 1e17
                        : per == "node"        ? 1e19
                                               : 1e22;
    if (value < kLeast || value > most) {
      add("impossible", at + ".value",
          fmt::format("{:g} operations a second of one {}: the unit is FLOP/s", value, per));
    }
  }

  void check_figure(const Json& figure, const std::string& at) {
    if (model::text_at(figure, "what") == "flops") {
      check_flops(figure, at);
    }
    if (model::text_at(figure, "basis") == "nominal" && model::find(figure, "source") == nullptr) {
      add("missing", at + ".source", "nobody can look the nominal figure up");
    }
    if (model::text_at(figure, "basis") == "measured" &&
        model::find(figure, "evidence") == nullptr) {
      add("missing", at + ".evidence", "nobody can look the measurement up");
    }
  }

  void check_price(const Json& price, const std::string& at) {
    const auto money = model::money_at(price, "price");
    if (money && money->amount.is_zero() && model::text_at(price, "terms") != "internal") {
      add("doubtful", at + ".price", "it costs nothing; is that meant?");
    }
    if (money && money->amount.to_double() > 1e6) {
      add("impossible", at + ".price", "an hour at " + money->to_string());
    }
    if (model::find(price, "as_of") == nullptr) {
      add("missing", at + ".as_of", "nobody knows how old the price is");
    }
    if (model::text_at(price, "unit") == "card-hour" &&
        model::find(record_, "node.accelerators") == nullptr) {
      add("impossible", at + ".unit", "there are no cards to bill by the hour");
    }
  }

  void check_access(const Json& access, const std::string& at) {
    const auto url = model::text_at(access, "url").value_or("");
    if (model::text_at(access, "role") == "launch" && model::find(access, "workdir") == nullptr &&
        !url.starts_with("tes+")) {
      add("missing", at + ".workdir", "jobs run in the home directory");
    }
    if (url.starts_with("cpx://") && model::find(access, "tls_key") == nullptr) {
      add("doubtful", at + ".tls_key", "only the system's authorities vouch for the server");
    }
  }

  const Json& record_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> lint(const Json& record) {
  for (const auto& check : {check_resource, check_usable}) {
    if (const auto sound = check(record); !sound) {
      return {{"malformed", "", sound.error().message}};
    }
  }
  return Linter(record).run();
}

}  // namespace cp::identity
