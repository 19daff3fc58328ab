// SPDX-License-Identifier: Apache-2.0
#include "market/sparecores.hpp"

#include "base/text.hpp"
#include "market/amounts.hpp"
#include "market/json_lines.hpp"
#include "model/accelerators.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <optional>

namespace cp::market {
namespace {

using model::Json;

class Server {
 public:
  Server(const Json& json, std::int64_t line, Lint& lint) : json_(json), lint_(lint) {
    row_.line = line;
  }

  /// Its row; nullopt when it is kept out.
  std::optional<Row> read() {
    row_.kind = "instance-type";
    row_.name = text("name");
    row_.provider = text("vendor_id");
    if (row_.name.empty() || row_.provider.empty()) {
      return reject(Fault::wrong_schema, "no name and vendor_id");
    }
    if (text("status") != "ACTIVE") {
      return reject(Fault::inactive, text("status"));
    }
    machine();
    accelerators();
    return is_rejected_ ? std::nullopt : std::optional(std::move(row_));
  }

 private:
  std::nullopt_t reject(Fault fault, std::string_view detail) {
    lint_.found(row_.line, fault, detail);
    is_rejected_ = true;
    return std::nullopt;
  }

  std::string text(std::string_view name) const { return model::text_at(json_, name).value_or(""); }

  // The number NAME × SCALE; what is 0 is not known.
  std::optional<double> number(std::string_view name, double scale = 1) {
    const Json* value = model::find(json_, name);
    if (value == nullptr) {
      return std::nullopt;
    }
    if (!value->is_number() || value->get<double>() < 0) {
      return reject(Fault::malformed_document, fmt::format("{} is no amount", name));
    }
    const double amount = value->get<double>();
    if (is_sentinel(amount)) {
      lint_.found(row_.line, Fault::sentinel_number, name);
      return std::nullopt;
    }
    return amount == 0 || amount * scale > 1e18 ? std::nullopt : std::optional(amount * scale);
  }
  std::optional<std::int64_t> whole(std::string_view name, double scale = 1) {
    const auto amount = number(name, scale);
    return amount ? std::optional(static_cast<std::int64_t>(std::floor(*amount))) : std::nullopt;
  }

  void machine() {
    const std::string arch = text("cpu_architecture");
    row_.arch = arch == "ARM64" || arch == "ARM64_MAC"     ? "aarch64"
                : arch == "X86_64" || arch == "X86_64_MAC" ? "x86_64"
                                                           : text::lower(arch);
    row_.cpu_vendor = text::lower(text("cpu_manufacturer"));
    row_.cpu_model = text("cpu_model");
    row_.threads = whole("vcpus");
    row_.cores = whole("cpu_cores");
    row_.memory_bytes = whole("memory_amount", kMib);
    // GB as disks are sold; 0 means none of its own.
    row_.disk_bytes = whole("storage_size", 1e9);
    row_.network_bps = number("network_speed", 1e9);
  }

  void accelerators() {
    const auto count = number("gpu_count");
    const std::string model = text("gpu_model");
    if (!count) {
      row_.accelerators = model.empty() ? Accelerators::none : Accelerators::unknown;
      if (!model.empty()) {
        lint_.found(row_.line, Fault::accelerator_without_count, model);
      }
      return;
    }
    row_.accelerators = Accelerators::some;
    row_.gpu_count = *count;
    row_.gpu_native = model;
    if (model.empty()) {
      lint_.found(row_.line, Fault::accelerator_without_name);
      return;
    }
    name(model::AcceleratorName::recognise(model));
  }

  void name(model::AcceleratorName name) {
    row_.gpu_memory_bytes = whole("gpu_memory_min", kMib);
    if (row_.gpu_memory_bytes) {
      const auto bytes = static_cast<std::uint64_t>(*row_.gpu_memory_bytes);
      if (name.can_have(bytes) == model::Truth::no && row_.gpu_count >= 1.0) {
        slice(name, bytes);
      }
      name = name.narrowed(bytes);
    }
    row_.gpu_model = name.text();
    row_.gpu_vendor =
        name.vendor().empty() ? text::lower(text("gpu_manufacturer")) : std::string(name.vendor());
  }

  // A card with a part of its model's memory is a slice of it: vGPU, MIG.
  void slice(const model::AcceleratorName& name, std::uint64_t bytes) {
    for (const int parts : {2, 3, 4, 6, 7, 8, 12, 16, 24, 32, 48}) {
      if (name.can_have(bytes * static_cast<std::uint64_t>(parts)) == model::Truth::yes) {
        row_.gpu_count = 1.0 / parts;
        lint_.found(row_.line, Fault::gpu_slice_as_card, name.text());
        return;
      }
    }
    lint_.found(row_.line, Fault::gpu_memory_wrong, name.text());
    row_.gpu_memory_bytes.reset();
  }

  const Json& json_;
  Lint& lint_;
  Row row_;
  bool is_rejected_ = false;
};

}  // namespace

Result<void> import_sparecores(LineReader& lines, const std::string& name, CacheImport& import,
                               Lint& lint) {
  while (true) {
    CP_TRY_ASSIGN(const auto line, next_json(lines, name, lint));
    if (!line) {
      return {};
    }
    if (const auto row = Server(line->json, line->number, lint).read()) {
      CP_TRY(import.add(*row));
    }
  }
}

}  // namespace cp::market
