// SPDX-License-Identifier: Apache-2.0
#include "model/accelerators.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "provider/local/devices.hpp"
#include "provider/local/sysfs.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace cp::provider::local {
namespace {

// Class codes of the PCI Code and ID Assignment Specification: base class and sub-class.
constexpr std::uint32_t kVga = 0x0300;
constexpr std::uint32_t k3dController = 0x0302;
constexpr std::uint32_t kOtherDisplay = 0x0380;
constexpr std::uint32_t kCoprocessor = 0x0B40;
constexpr std::uint32_t kProcessingAccelerator = 0x1200;

struct Vendor {
  std::uint32_t id;
  std::string_view name;
  bool display_computes;  ///< its VGA and display devices are accelerators as well
};

// Vendor ids as the PCI ID repository (pci-ids.ucw.cz) lists them.
constexpr std::array<Vendor, 16> kVendors{{
    {0x10de, "nvidia", true},
    {0x1002, "amd", true},
    {0x8086, "intel", false},
    {0x19e5, "huawei", false},
    {0xcabc, "cambricon", false},
    {0x1d94, "hygon", true},
    {0x1ed5, "moore-threads", true},
    {0x1da3, "habana", false},
    {0x1e36, "enflame", false},
    {0x1e3e, "iluvatar", false},
    {0x9999, "metax", true},
    {0x1d22, "baidu", false},
    {0x1ae0, "google", false},
    {0x1e52, "tenstorrent", false},
    {0x1d95, "graphcore", false},
    {0x10ee, "xilinx", false},
}};

const Vendor* find_vendor(std::uint32_t id) {
  const auto vendor = std::ranges::find(kVendors, id, &Vendor::id);
  return vendor == kVendors.end() ? nullptr : vendor;
}

bool is_accelerator(std::uint32_t device_class, const Vendor* vendor) {
  switch (device_class >> 8U) {
    case k3dController:
    case kCoprocessor:
    case kProcessingAccelerator:
      return true;
    case kVga:
    case kOtherDisplay:
      return vendor != nullptr && vendor->display_computes;
    default:
      return false;
  }
}

// The model that NVIDIA's driver knows, by bus address.
std::optional<std::string> nvidia_model(const std::string& root, const std::string& address) {
  const auto text =
      read_word(path_join(root, "proc/driver/nvidia/gpus/" + address + "/information"));
  return text ? field_in(*text, "Model") : std::nullopt;
}

std::optional<Accelerator> read_one(const std::string& root, const std::string& address) {
  const std::string folder = path_join(root, "sys/bus/pci/devices/" + address);
  const auto device_class = read_hex(path_join(folder, "class"));
  const auto vendor_id = read_hex(path_join(folder, "vendor"));
  const auto device_id = read_hex(path_join(folder, "device"));
  // A virtual function is a part of a device that is counted already.
  const bool is_part = !names_in(path_join(folder, "physfn")).empty();
  if (!device_class || !vendor_id || !device_id || is_part) {
    return std::nullopt;
  }
  const Vendor* vendor = find_vendor(*vendor_id);
  if (!is_accelerator(*device_class, vendor)) {
    return std::nullopt;
  }
  Accelerator one;
  one.vendor =
      vendor != nullptr ? std::string(vendor->name) : fmt::format("pci-{:04x}", *vendor_id);
  one.native_name =
      nvidia_model(root, address)
          .value_or(read_word(path_join(folder, "product_name"))
                        .value_or(fmt::format("{:04x}:{:04x}", *vendor_id, *device_id)));
  // amdgpu tells the size of its memory.
  if (const auto bytes = read_integer(path_join(folder, "mem_info_vram_total"));
      bytes && *bytes > 0) {
    one.memory_bytes = static_cast<std::uint64_t>(*bytes);
  }
  return one;
}

bool may_be_of(const Accelerator& one, std::string_view vendor) {
  std::string name = one.vendor;
  std::erase(name, '-');
  return vendor.empty() || one.vendor.starts_with("pci-") ||
         text::equal_ignoring_case(name, vendor);
}

bool may_be_one_of(const Accelerator& one, const std::vector<std::string>& models) {
  const auto name = model::AcceleratorName::recognise(one.native_name);
  return models.empty() || !name.is_in_table() ||
         std::ranges::any_of(models, [&](const std::string& wanted) {
           return name.is(model::AcceleratorName::recognise(wanted)) != model::Truth::no;
         });
}

bool may_serve(const Accelerator& one, const model::JobResources& wanted) {
  const auto least = static_cast<std::uint64_t>(wanted.gpu_memory_bytes.value_or(0));
  return may_be_of(one, wanted.gpu_vendor) && may_be_one_of(one, wanted.gpu_models) &&
         one.memory_bytes.value_or(least) >= least;
}

std::string names_of(const model::JobResources& wanted) {
  std::string names;
  for (const auto& name : wanted.gpu_models) {
    names += (names.empty() ? "" : " or ") + name;
  }
  return names.empty() ? wanted.gpu_vendor : names;
}

}  // namespace

Result<void> has_cards(std::span<const Accelerator> found, const model::JobResources& wanted) {
  std::int64_t cards = 0;
  for (const Accelerator& one : found) {
    cards += may_serve(one, wanted) ? one.count : 0;
  }
  if (cards >= wanted.gpus) {
    return {};
  }
  const std::string names = names_of(wanted);
  return fail(Errc::failed, "this machine has {} accelerators{}, and the job wants {}{}{}",
              cards == 0 ? "no" : std::to_string(cards), found.empty() ? "" : " of that kind",
              wanted.gpus, names.empty() ? "" : " ", names);
}

std::vector<Accelerator> read_accelerators(const std::string& root) {
  std::vector<Accelerator> found;
  for (const std::string& address : names_in(path_join(root, "sys/bus/pci/devices"))) {
    auto one = read_one(root, address);
    if (!one) {
      continue;
    }
    const auto same = std::ranges::find_if(found, [&one](const Accelerator& other) {
      return other.vendor == one->vendor && other.native_name == one->native_name &&
             other.memory_bytes == one->memory_bytes;
    });
    if (same != found.end()) {
      ++same->count;
    } else {
      found.push_back(*std::move(one));
    }
  }
  return found;
}

}  // namespace cp::provider::local
