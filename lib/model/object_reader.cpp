// SPDX-License-Identifier: Apache-2.0
#include "model/object_reader.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace cp::model {

ObjectReader::ObjectReader(const Json& object, std::string where)
    : object_(object), where_(std::move(where)), asked_{"schema"} {}

std::string ObjectReader::place(std::string_view name) const {
  return where_.empty() ? std::string(name) : where_ + "." + std::string(name);
}

tl::unexpected<Error> ObjectReader::wrong(std::string_view name, std::string_view wanted) const {
  return fail(Errc::bad_data, "{} is not {}", place(name), wanted);
}

Result<void> ObjectReader::require_object() const {
  if (!object_.is_object()) {
    return fail(Errc::bad_data, "{} is not an object", where_);
  }
  return {};
}

const Json* ObjectReader::any(std::string_view name) {
  asked_.emplace_back(name);
  const auto at = object_.find(name);
  return at == object_.end() || at->is_null() ? nullptr : &*at;
}

Result<std::optional<std::string>> ObjectReader::word(std::string_view name) {
  const Json* const value = any(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_string()) {
    return wrong(name, "a string");
  }
  return value->get<std::string>();
}

Result<std::optional<std::string>> ObjectReader::bytes(std::string_view name) {
  const Json* const value = any(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  auto text = argument_of(*value);
  if (!text) {
    return wrong(name, "a string without NUL, or {\"base64\":\"…\"}");
  }
  return text;
}

Result<std::optional<std::int64_t>> ObjectReader::whole(std::string_view name, std::int64_t least) {
  const Json* const value = any(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_number_integer() || value->get<std::int64_t>() < least) {
    return wrong(name, fmt::format("a whole number from {} on", least));
  }
  return value->get<std::int64_t>();
}

Result<std::optional<double>> ObjectReader::positive(std::string_view name) {
  const Json* const value = any(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_number() || value->get<double>() <= 0) {
    return wrong(name, "a number above 0");
  }
  return value->get<double>();
}

Result<std::optional<bool>> ObjectReader::truth(std::string_view name) {
  const Json* const value = any(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_boolean()) {
    return wrong(name, "true or false");
  }
  return value->get<bool>();
}

Result<std::optional<Money>> ObjectReader::money(std::string_view name) {
  if (any(name) == nullptr) {
    return std::nullopt;
  }
  auto amount = money_at(object_, name);
  if (!amount || amount->amount.is_negative()) {
    return wrong(name, R"(money such as {"amount":"9.00","currency":"CNY"})");
  }
  return amount;
}

Result<std::vector<std::string>> ObjectReader::list_of_bytes(std::string_view name) {
  const Json* const value = any(name);
  std::vector<std::string> list;
  if (value == nullptr) {
    return list;
  }
  if (!value->is_array()) {
    return wrong(name, "an array");
  }
  for (std::size_t i = 0; i < value->size(); ++i) {
    auto text = argument_of((*value)[i]);
    if (!text) {
      return wrong(fmt::format("{}[{}]", name, i), "a string without NUL, or {\"base64\":\"…\"}");
    }
    list.push_back(*std::move(text));
  }
  return list;
}

Result<std::vector<std::string>> ObjectReader::list_of_words(std::string_view name) {
  const Json* const value = any(name);
  std::vector<std::string> list;
  if (value == nullptr) {
    return list;
  }
  if (!value->is_array() ||
      !std::ranges::all_of(*value, [](const Json& item) { return item.is_string(); })) {
    return wrong(name, "an array of strings");
  }
  return value->get<std::vector<std::string>>();
}

Result<std::map<std::string, std::string>> ObjectReader::words(std::string_view name) {
  const Json* const value = any(name);
  std::map<std::string, std::string> out;
  if (value == nullptr) {
    return out;
  }
  if (!value->is_object() ||
      !std::ranges::all_of(*value, [](const Json& item) { return item.is_string(); })) {
    return wrong(name, "an object of strings");
  }
  for (const auto& [key, item] : value->items()) {
    out.emplace(key, item.get<std::string>());
  }
  return out;
}

Result<void> ObjectReader::no_others() const {
  for (const auto& [key, value] : object_.items()) {
    if (std::ranges::find(asked_, key) != asked_.end()) {
      continue;
    }
    const std::vector<std::string_view> known(asked_.begin(), asked_.end());
    const auto near = text::near_match(key, known);
    auto error = fail(Errc::bad_data, "unknown field {}", place(key));
    return near ? with_hint(std::move(error), fmt::format("did you mean {}?", place(*near)))
                : std::move(error);
  }
  return {};
}

std::optional<std::string> argument_of(const Json& value) {
  auto text = text_of(value);
  if (!text || text->find('\0') != std::string::npos) {
    return std::nullopt;
  }
  return text;
}

}  // namespace cp::model
