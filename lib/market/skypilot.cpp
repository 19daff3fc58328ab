// SPDX-License-Identifier: Apache-2.0
#include "market/skypilot.hpp"

#include "base/text.hpp"
#include "market/amounts.hpp"
#include "market/csv.hpp"
#include "market/csv_form.hpp"
#include "market/skypilot_gpu.hpp"

#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace cp::market {
namespace {

enum class Column : std::uint8_t {
  instance_type,
  cpus,
  memory,
  gpu_name,
  gpu_count,
  gpu_info,
  region,
  zone,
  price,
  spot_price,
  arch,
};
constexpr std::array<std::string_view, 11> kColumnNames{
    "InstanceType",     "vCPUs",     "MemoryGiB", "AcceleratorName",
    "AcceleratorCount", "GpuInfo",   "Region",    "Price",
    "AvailabilityZone", "SpotPrice", "Arch"};
constexpr std::array<Column, 11> kColumnOrder{
    Column::instance_type, Column::cpus,       Column::memory, Column::gpu_name,
    Column::gpu_count,     Column::gpu_info,   Column::region, Column::price,
    Column::zone,          Column::spot_price, Column::arch};
constexpr double kGib = 1073741824;

// Where each column stands in this file.
class Header {
 public:
  explicit Header(std::string_view line) {
    CsvSplitter splitter;
    if (line.starts_with("\xEF\xBB\xBF")) {
      line.remove_prefix(3);
    }
    const auto names = splitter.split(line);
    if (!names) {
      return;
    }
    size_ = names->size();
    for (std::size_t i = 0; i < size_; ++i) {
      place((*names)[i], static_cast<int>(i));
    }
  }

  std::size_t size() const { return size_; }
  /// A column that is read and that two fields are called; empty when there is none.
  std::string_view named_twice() const { return named_twice_; }
  bool has(Column column) const { return at(column) >= 0; }
  /// Whether nobody reads the last column, so that more fields than names do no harm.
  bool ends_with_unread_column() const { return !last_is_read_; }
  std::string_view field(std::span<const std::string_view> fields, Column column) const {
    const int index = at(column);
    return index < 0 ? std::string_view{} : fields[static_cast<std::size_t>(index)];
  }

 private:
  int at(Column column) const { return places_[static_cast<std::size_t>(column)]; }
  void place(std::string_view name, int index) {
    last_is_read_ = false;
    for (std::size_t i = 0; i < kColumnNames.size(); ++i) {
      if (text::equal_ignoring_case(text::trim(name), kColumnNames[i])) {
        int& place = places_[static_cast<std::size_t>(kColumnOrder[i])];
        named_twice_ = place >= 0 ? kColumnNames[i] : named_twice_;
        place = index;
        last_is_read_ = true;
      }
    }
  }

  std::array<int, 11> places_{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  std::string_view named_twice_;
  std::size_t size_ = 0;
  bool last_is_read_ = false;
};

// Whether a catalog is a Cartesian product: each type in each region at one price.
class ProductCheck {
 public:
  void add(const RowView& row) {
    ++rows_;
    regions_.insert(row.region == last_region_ ? last_region_ : keep(row.region, last_region_));
    if (row.name != last_name_ || type_ == nullptr) {
      last_name_ = row.name;
      type_ = &types_.try_emplace(last_name_, row.price).first->second;
    }
    is_product_ = is_product_ && *type_ == row.price;
  }
  bool is_product() const {
    constexpr std::size_t least = 5;
    return is_product_ && types_.size() >= least && regions_.size() >= least &&
           rows_ >= types_.size() * regions_.size() && rows_ % regions_.size() == 0;
  }

 private:
  static const std::string& keep(std::string_view text, std::string& place) { return place = text; }

  std::unordered_map<std::string, std::optional<std::int64_t>> types_;
  std::unordered_set<std::string> regions_;
  std::optional<std::int64_t>* type_ = nullptr;
  std::string last_name_;
  std::string last_region_;
  std::size_t rows_ = 0;
  bool is_product_ = true;
};

class Importer {
 public:
  Importer(const Header& header, const CatalogDefaults& defaults, CacheImport& import, Lint& lint)
      : header_(header), defaults_(defaults), import_(import), lint_(lint) {
    form_.reserve(1U << 16U);
  }

  Result<void> add(const Line& line) {
    if (line.text.empty() && !line.is_too_long) {
      return {};
    }
    RowView row;
    if (!read(line, row)) {
      return {};
    }
    product_.add(row);
    return import_.add(row);
  }

  Result<void> finish() {
    if (!product_.is_product()) {
      return {};
    }
    return import_.merge_regions(
        [&](std::int64_t line) { lint_.found(line, Fault::every_type_in_every_region); });
  }

 private:
  bool reject(const Line& line, Fault fault, std::string_view detail = {}) {
    lint_.found(line.number, fault, detail);
    return false;
  }

  bool read(const Line& line, RowView& row) {
    const auto fields = form_.read(line, lint_);
    if (!fields) {
      return false;
    }
    if (fields->size() < header_.size()) {
      return reject(line, Fault::short_row);
    }
    if (fields->size() > header_.size()) {
      if (!header_.ends_with_unread_column()) {
        return reject(line, Fault::long_row);
      }
      lint_.found(line.number, Fault::ragged_row);
    }
    return read_fields(line, *fields, row);
  }

  bool read_fields(const Line& line, std::span<const std::string_view> fields, RowView& row) {
    row.line = line.number;
    row.kind = "instance-type";
    row.provider = defaults_.provider;
    row.name = header_.field(fields, Column::instance_type);
    row.region = header_.field(fields, Column::region);
    row.zone = header_.field(fields, Column::zone);
    if (row.name.empty()) {
      return reject(line, Fault::no_instance_type);
    }
    read_arch(header_.field(fields, Column::arch), row);
    return read_machine(line, fields, row) && read_prices(line, fields, row) &&
           read_gpu(line, fields, row);
  }

  static void read_arch(std::string_view arch, RowView& row) {
    row.arch = text::equal_ignoring_case(arch, "arm64") ? "aarch64" : arch;
  }

  bool read_machine(const Line& line, std::span<const std::string_view> fields, RowView& row) {
    const std::string_view cpus = header_.field(fields, Column::cpus);
    const std::string_view memory = header_.field(fields, Column::memory);
    return read_number(line, cpus, 1, row.threads) && read_memory(line, memory, row);
  }

  bool read_memory(const Line& line, std::string_view text, RowView& row) {
    constexpr double most = 1048576;                 // a pebibyte in one machine
    constexpr double least_in_bytes = 1073741824.0;  // as GiB an exbibyte, as bytes one GiB
    const auto amount = parse_amount(text);
    if (!amount || *amount <= most || is_sentinel(*amount)) {
      return read_number(line, text, kGib, row.memory_bytes);
    }
    if (*amount >= least_in_bytes && *amount <= most * kGib) {
      lint_.found(line.number, Fault::memory_is_bytes, text);
      row.memory_bytes = static_cast<std::int64_t>(*amount);
    } else {
      lint_.found(line.number, Fault::memory_impossible, text);
    }
    return true;
  }

  // TEXT × SCALE as a whole number.
  bool read_number(const Line& line, std::string_view text, double scale,
                   std::optional<std::int64_t>& out) {
    if (text.empty()) {
      return true;
    }
    const auto amount = parse_amount(text);
    if (!amount) {
      return reject(line, Fault::bad_number, text);
    }
    const double value = *amount * scale;
    if (value == 0 || value >= 1e15 || is_sentinel(*amount)) {
      lint_.found(line.number, Fault::sentinel_number, text);
    } else if (value != std::floor(value) && scale == 1) {
      lint_.found(line.number, Fault::fractional_cpus, text);
    } else {
      out = static_cast<std::int64_t>(value);
    }
    return true;
  }

  bool read_prices(const Line& line, std::span<const std::string_view> fields, RowView& row) {
    const std::string_view price = header_.field(fields, Column::price);
    const std::string_view spot = header_.field(fields, Column::spot_price);
    row.currency = defaults_.currency;
    row.terms = "on-demand";
    row.price_as_of = defaults_.as_of;
    if (!read_price(line, price, Fault::zero_price, row.price) ||
        !read_price(line, spot, Fault::zero_spot_price, row.spot)) {
      return false;
    }
    if (row.price && row.spot && *row.spot > *row.price) {
      lint_.found(line.number, Fault::spot_above_on_demand, spot);
      row.spot.reset();
    }
    return true;
  }

  bool read_price(const Line& line, std::string_view text, Fault zero,
                  std::optional<std::int64_t>& out) {
    if (text.empty()) {
      return true;
    }
    const Price price = parse_price(text);
    switch (price.flaw) {
      case Price::Flaw::none:
        break;
      case Price::Flaw::not_a_price:
      case Price::Flaw::negative:
        return reject(line, Fault::bad_price, text);
      case Price::Flaw::zero:
        lint_.found(line.number, zero, text);
        return true;
      case Price::Flaw::sentinel:
        lint_.found(line.number, Fault::sentinel_price, text);
        return true;
      case Price::Flaw::rounded:
        lint_.found(line.number, Fault::price_places, text);
    }
    out = price.nanos;
    return true;
  }

  bool read_gpu(const Line& line, std::span<const std::string_view> fields, RowView& row) {
    const std::string_view name = header_.field(fields, Column::gpu_name);
    const std::string_view count = header_.field(fields, Column::gpu_count);
    if (name.empty() && count.empty()) {
      row.accelerators = Accelerators::none;
      return true;
    }
    const SkypilotGpu& gpu = gpus_.read(name, count, header_.field(fields, Column::gpu_info));
    for (const Fault fault : gpu.faults) {
      lint_.found(line.number, fault, name.empty() ? count : name);
      if (fault == Fault::bad_number) {
        return false;
      }
    }
    row.accelerators = gpu.accelerators;
    row.gpu_vendor = gpu.vendor;
    row.gpu_model = gpu.model;
    row.gpu_native = gpu.native;
    row.gpu_count = gpu.count;
    row.gpu_memory_bytes = gpu.memory_bytes;
    return true;
  }

  const Header& header_;
  const CatalogDefaults& defaults_;
  CacheImport& import_;
  Lint& lint_;
  CsvForm form_;
  SkypilotGpuCache gpus_;
  ProductCheck product_;
};

// Of a list of prices for parts no row says which machine they are in.
Result<void> reject_parts(LineReader& lines, Lint& lint) {
  while (true) {
    CP_TRY_ASSIGN(const auto line, lines.next());
    if (!line) {
      return {};
    }
    if (!line->text.empty() || line->is_too_long) {
      lint.found(line->number, Fault::no_instance_type);
    }
  }
}

}  // namespace

bool is_skypilot_header(std::string_view header) {
  const Header columns(header);
  return columns.has(Column::instance_type) &&
         (columns.has(Column::price) || columns.has(Column::spot_price));
}

bool is_skypilot_price_list(std::string_view header) {
  return text::trim(header).starts_with("Region,") &&
         header.find("PricePerVCPU") != std::string_view::npos;
}

Result<void> import_skypilot(LineReader& lines, const CatalogDefaults& defaults,
                             CacheImport& import, Lint& lint) {
  CP_TRY_ASSIGN(const auto first, lines.next());
  if (first && is_skypilot_price_list(first->text)) {
    return reject_parts(lines, lint);
  }
  if (!first || !is_skypilot_header(first->text)) {
    return fail(Errc::bad_data,
                "line 1 names no columns InstanceType and Price: no SkyPilot catalog");
  }
  const Header header(first->text);
  if (!header.named_twice().empty()) {
    return fail(Errc::bad_data, "line 1 names the column {} twice", header.named_twice());
  }
  Importer importer(header, defaults, import, lint);
  while (true) {
    CP_TRY_ASSIGN(const auto line, lines.next());
    if (!line) {
      return importer.finish();
    }
    CP_TRY(importer.add(*line));
  }
}

}  // namespace cp::market
