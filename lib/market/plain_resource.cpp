// SPDX-License-Identifier: Apache-2.0
#include "market/plain_resource.hpp"

#include "base/limits.hpp"
#include "base/money.hpp"
#include "identity/identifier.hpp"
#include "market/amounts.hpp"
#include "market/network_rates.hpp"
#include "model/accelerators.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <optional>
#include <simdjson.h>
#include <string>
#include <unordered_map>
#include <vector>

namespace cp::market {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMostMembers = 24;
constexpr double kMostExact = 9007199254740992.0;

// Whether VALUE is what model::parse_json takes without a second look, all the way down: names that
// differ, whole numbers that a binary64 has, no number near 0 or infinity.
bool is_ordinary(const dom::element& value, int depth) {
  if (depth > limits::json_depth) {
    return false;
  }
  switch (value.type()) {
    case dom::element_type::OBJECT: {
      std::array<std::string_view, kMostMembers> names;
      std::size_t count = 0;
      for (const auto& [name, member] : dom::object(value)) {
        const auto* const end = names.data() + count;
        if (count == kMostMembers || name.size() > limits::string_bytes ||
            std::find(static_cast<const std::string_view*>(names.data()), end, name) != end ||
            !is_ordinary(member, depth + 1)) {
          return false;
        }
        names[count++] = name;
      }
      return true;
    }
    case dom::element_type::ARRAY:
      for (const dom::element item : dom::array(value)) {
        if (!is_ordinary(item, depth + 1)) {
          return false;
        }
      }
      return true;
    case dom::element_type::STRING: {
      const std::string_view text(value);
      return text.size() <= limits::string_bytes &&
             std::memchr(text.data(), '\0', text.size()) == nullptr;
    }
    case dom::element_type::INT64:
      return std::abs(static_cast<double>(std::int64_t(value))) < kMostExact;
    case dom::element_type::UINT64:
      return false;
    case dom::element_type::DOUBLE: {
      const double size = std::abs(double(value));
      return size == 0 || (size > 1e-100 && size < 1e100);
    }
    default:
      return true;
  }
}

// Reads a resource into rows, as rows_of does, until something is out of the ordinary.
class PlainReader {
 public:
  using Models = std::unordered_map<std::string, model::AcceleratorName>;
  PlainReader(std::vector<RowView>& rows, Models& models) : rows_(rows), models_(models) {}

  /// Fills the rows; false when the document wants the thorough way.
  bool read(const dom::object& resource) {
    bool has_schema = false;
    for (const auto& [name, value] : resource) {
      if (name == "schema") {
        has_schema = value.is_string() && std::string_view(value) == "cp.resource/1";
      } else if (name == "name") {
        text(value, common_.name);
      } else if (name == "kind") {
        text(value, common_.kind);
      } else if (name == "provider") {
        provider(value);
      } else if (name == "place") {
        place(value);
      } else if (name == "nodes") {
        count(value, 1, common_.nodes);
      } else if (name == "node") {
        node(value);
      } else if (name == "prices") {
        prices_ = array(value);
      } else {
        other(name, value);
      }
    }
    return has_schema && is_plain_ && make_rows();
  }

  bool says_all() const { return says_all_; }

 private:
  void rare() { is_plain_ = false; }
  void more() { says_all_ = false; }

  // What no column of the cache has. A resource with an identity is told by its document, too.
  void other(std::string_view name, const dom::element& value) {
    more();
    if (name == "id") {
      text(value, common_.resource);
      if (!common_.resource.empty() &&
          identity::flaw_in(common_.resource) != identity::Flaw::none) {
        rare();
      }
    } else if (name == "policy") {
      std::string_view policy;
      text(value, policy);
      common_.has_policy = !policy.empty();
    } else if (name == "limits") {
      limits_of(value);
    }
  }

  void limits_of(const dom::element& value) {
    each(value, [&](std::string_view name, const dom::element& member) {
      if (name == "walltime_s") {
        number(member, 0, common_.walltime_s);
      } else if (name == "nodes_per_job") {
        count(member, 1, common_.nodes_per_job);
      }
    });
  }

  // EACH takes name and value of every member.
  template <class Each>
  void each(const dom::element& value, const Each& each_member) {
    dom::object found;
    if (value.is_null() || value.get(found) != simdjson::SUCCESS) {
      value.is_null() ? more() : rare();
      return;
    }
    bool is_empty = true;
    for (const auto& [name, member] : found) {
      is_empty = false;
      each_member(name, member);
    }
    if (is_empty) {
      more();
    }
  }

  std::optional<dom::array> array(const dom::element& value) {
    dom::array found;
    if (value.is_null() || value.get(found) != simdjson::SUCCESS) {
      value.is_null() ? more() : rare();
      return std::nullopt;
    }
    return found;
  }

  void text(const dom::element& value, std::string_view& out) {
    if (value.is_null()) {
      more();
    } else if (!value.is_string()) {
      rare();
    } else {
      out = std::string_view(value);
    }
  }

  // As the thorough reader has it: what stands for "unknown" is a fault there.
  void number(const dom::element& value, double least, std::optional<double>& out) {
    if (value.is_null()) {
      more();
      return;
    }
    double amount = 0;
    if (!value.is_number() || value.get(amount) != simdjson::SUCCESS || is_sentinel(amount) ||
        amount == -1 || (amount == 0 && least > 0) || amount < least || amount > 1e18) {
      rare();
      return;
    }
    out = amount;
  }

  void count(const dom::element& value, double least, std::optional<std::int64_t>& out) {
    std::optional<double> amount;
    number(value, least, amount);
    if (amount && *amount != std::floor(*amount)) {
      rare();
    } else if (amount) {
      out = static_cast<std::int64_t>(*amount);
    }
  }

  void provider(const dom::element& value) {
    std::string_view prefix;
    each(value, [&](std::string_view name, const dom::element& member) {
      if (name == "name") {
        text(member, common_.provider);
      } else {
        more();
        if (name == "prefix") {
          text(member, prefix);
        }
      }
    });
    common_.provider = common_.provider.empty() ? prefix : common_.provider;
  }

  void place(const dom::element& value) {
    each(value, [&](std::string_view name, const dom::element& member) {
      if (name == "country") {
        text(member, common_.country);
      } else if (name == "region") {
        text(member, common_.region);
      } else if (name == "zone") {
        text(member, common_.zone);
      } else if (name == "city") {
        text(member, common_.city);
      } else if (name == "lat") {
        number(member, -90, common_.latitude);
      } else if (name == "lon") {
        number(member, -180, common_.longitude);
      } else {
        more();
      }
    });
  }

  void node(const dom::element& value) {
    each(value, [&](std::string_view name, const dom::element& member) {
      if (name == "cpu") {
        cpu(member);
      } else if (name == "memory_bytes") {
        count(member, 1, common_.memory_bytes);
      } else if (name == "disk_bytes") {
        count(member, 0, common_.disk_bytes);
      } else if (name == "accelerators") {
        accelerators_ = array(member);
      } else {
        more();
        if (name == "network") {
          network(member);
        }
      }
    });
  }

  void cpu(const dom::element& value) {
    each(value, [&](std::string_view name, const dom::element& member) {
      if (name == "arch") {
        text(member, common_.arch);
      } else if (name == "vendor") {
        text(member, common_.cpu_vendor);
      } else if (name == "model") {
        text(member, common_.cpu_model);
      } else if (name == "cores") {
        count(member, 1, common_.cores);
      } else if (name == "threads") {
        count(member, 1, common_.threads);
      } else {
        more();
      }
    });
  }

  void network(const dom::element& value) {
    const auto all = array(value);
    if (!all) {
      return;
    }
    NetworkRates rates;
    for (const dom::element one : *all) {
      std::optional<double> rate;
      std::optional<bool> rdma;
      each(one, [&](std::string_view name, const dom::element& member) {
        if (name == "rate_bps") {
          number(member, 0, rate);
        } else if (name == "rdma" && member.is_bool()) {
          rdma = bool(member);
        }
      });
      rates.add(rate, rdma);
    }
    rates.tell(common_);
  }

  bool make_rows() {
    if (!accelerators_ || accelerators_->size() == 0) {
      common_.accelerators = accelerators_ ? Accelerators::none : Accelerators::unknown;
      add_prices(common_);
    } else {
      const bool has_siblings = accelerators_->size() > 1;
      for (const dom::element one : *accelerators_) {
        RowView row = common_;
        row.has_siblings = has_siblings;
        accelerator(one, row);
        add_prices(row);
      }
      says_all_ = says_all_ && !has_siblings;
    }
    says_all_ = says_all_ && rows_.size() == 1;
    return is_plain_;
  }

  const model::AcceleratorName& recognise(std::string_view name) {
    const auto known = models_.find(std::string(name));
    return known != models_.end()
               ? known->second
               : models_.emplace(name, model::AcceleratorName::recognise(name)).first->second;
  }

  void accelerator(const dom::element& value, RowView& row) {
    row.accelerators = Accelerators::some;
    std::string_view model;
    std::optional<std::int64_t> cards;
    std::optional<double> share;
    each(value, [&](std::string_view name, const dom::element& member) {
      if (name == "model") {
        text(member, model);
      } else if (name == "vendor") {
        text(member, row.gpu_vendor);
      } else if (name == "native_name") {
        text(member, row.gpu_native);
      } else if (name == "count") {
        count(member, 1, cards);
      } else if (name == "share") {
        number(member, 0, share);
      } else if (name == "memory_bytes") {
        count(member, 1, row.gpu_memory_bytes);
      } else {
        more();
      }
    });
    if (accelerators_->size() > 64) {
      return rare();
    }
    const model::AcceleratorName& known = recognise(model.empty() ? row.gpu_native : model);
    row.gpu_model = known.text();
    if (row.gpu_vendor.empty()) {
      row.gpu_vendor = known.vendor();
      more();
    }
    // The row shows its canonical model, and a share as one piece.
    if (row.gpu_model != model || !cards || (share && cards != 1)) {
      more();
    }
    if (cards) {
      row.gpu_count = static_cast<double>(*cards);
    }
    if (share && *share > 0 && *share < 1) {
      row.gpu_count = *share;
    } else if (share) {
      more();
    }
  }

  void add_prices(const RowView& row) {
    if (!prices_ || prices_->size() == 0) {
      if (prices_) {
        more();
      }
      rows_.push_back(row);
      return;
    }
    for (const dom::element one : *prices_) {
      RowView priced = row;
      price(one, priced);
      rows_.push_back(priced);
    }
  }

  void price(const dom::element& value, RowView& row) {
    std::string_view unit;
    std::string_view amount;
    std::optional<double> quantum;
    std::optional<double> minimum;
    each(value, [&](std::string_view name, const dom::element& member) {
      if (name == "terms") {
        text(member, row.terms);
      } else if (name == "unit") {
        text(member, unit);
      } else if (name == "as_of") {
        text(member, row.price_as_of);
      } else if (name == "quantum_s") {
        number(member, 0, quantum);
      } else if (name == "minimum_s") {
        number(member, 0, minimum);
      } else if (name == "price") {
        money(member, amount, row.currency);
      } else {
        more();
      }
    });
    const auto known = billing_unit(unit);
    const Price price = parse_price(amount);
    const bool is_exact = price.flaw == Price::Flaw::none || price.flaw == Price::Flaw::zero;
    // A spot price goes to the row of another price: the thorough way.
    if (!known || !is_currency(row.currency) || !is_exact || row.terms == "spot") {
      return rare();
    }
    row.unit = *known;
    row.price = price.flaw == Price::Flaw::zero ? 0 : price.nanos;
    row.quantum_s = static_cast<std::int64_t>(quantum.value_or(0));
    row.minimum_s = static_cast<std::int64_t>(minimum.value_or(0));
  }

  void money(const dom::element& value, std::string_view& amount, std::string_view& currency) {
    each(value, [&](std::string_view name, const dom::element& member) {
      if (name == "amount") {
        text(member, amount);
      } else if (name == "currency") {
        text(member, currency);
      } else {
        more();
      }
    });
  }

  std::vector<RowView>& rows_;
  Models& models_;
  RowView common_;
  std::optional<dom::array> accelerators_;
  std::optional<dom::array> prices_;
  bool is_plain_ = true;
  bool says_all_ = true;
};

}  // namespace

struct PlainResources::State {
  dom::parser parser;
  PlainReader::Models models;
  std::vector<RowView> rows;
  std::string padded;
};

PlainResources::PlainResources() : state_(std::make_unique<State>()) {}
PlainResources::~PlainResources() = default;

PlainResources::Rows PlainResources::read(std::string_view line) {
  constexpr std::size_t most_models = 10'000;
  State& state = *state_;
  state.rows.clear();
  if (state.models.size() > most_models) {
    state.models.clear();
  }
  if (line.size() > limits::document_bytes) {
    return {};
  }
  if (state.padded.size() < line.size() + simdjson::SIMDJSON_PADDING) {
    state.padded.resize(2 * line.size() + simdjson::SIMDJSON_PADDING);
  }
  std::memcpy(state.padded.data(), line.data(), line.size());
  dom::element document;
  if (state.parser.parse(state.padded.data(), line.size(), false).get(document) !=
          simdjson::SUCCESS ||
      !document.is_object() || !is_ordinary(document, 1)) {
    return {};
  }
  PlainReader reader(state.rows, state.models);
  if (!reader.read(dom::object(document))) {
    return {};
  }
  return {state.rows, reader.says_all()};
}

}  // namespace cp::market
