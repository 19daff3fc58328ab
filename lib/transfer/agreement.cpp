// SPDX-License-Identifier: Apache-2.0
#include "transfer/agreement.hpp"

#include "base/text.hpp"
#include "model/json.hpp"
#include "transfer/errors.hpp"
#include "transfer/limits.hpp"
#include "transfer/zstd.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace cp::transfer {
namespace {

using model::Json;

// A word in the JSON for each value of an enumeration, in its order.
constexpr std::array<std::string_view, 2> kDirections{"push", "pull"};
constexpr std::array<std::string_view, 2> kPlacements{"inside", "exact"};
constexpr std::array<std::string_view, 4> kDurabilities{"batch", "file", "end", "none"};
constexpr std::array<std::string_view, 4> kRails{"auto", "tcp", "fabric", "ssh"};

constexpr std::array<std::string_view, 3> kDeletions{"none", "unless-failed", "always"};

constexpr std::size_t kMaxSources = 10'000;
constexpr std::size_t kMaxRules = 10'000;
constexpr std::int64_t kMaxEpoch = std::int64_t{1} << 40U;

template <class Enum, std::size_t n>
std::string_view word_of(const std::array<std::string_view, n>& words, Enum value) {
  return words[static_cast<std::size_t>(value)];
}

/// Takes fields out of one object; the first that is missing or wrong is remembered.
class Fields {
 public:
  explicit Fields(const Json& object) : object_(object) {}

  std::string text(std::string_view path) {
    const Json* value = model::find(object_, path);
    auto text = value == nullptr ? std::nullopt : model::text_of(*value);
    return need(path, std::move(text));
  }
  std::int64_t integer(std::string_view path, std::int64_t least, std::int64_t most) {
    auto value = model::int_at(object_, path);
    if (value && (*value < least || *value > most)) {
      value.reset();
    }
    return need(path, value);
  }
  bool boolean(std::string_view path) { return need(path, model::bool_at(object_, path)); }
  template <class Enum, std::size_t n>
  Enum word(std::string_view path, const std::array<std::string_view, n>& words) {
    const auto* const found =
        std::ranges::find(words, std::string_view(model::text_at(object_, path).value_or("")));
    const bool known = found != words.end();
    return static_cast<Enum>(
        need(path, known ? std::optional(found - words.begin()) : std::nullopt));
  }
  std::vector<std::string> texts(std::string_view path, std::size_t most) {
    std::vector<std::string> out;
    const Json* list = model::find(object_, path);
    if (list == nullptr || !list->is_array() || list->size() > most) {
      return need(path, std::optional<std::vector<std::string>>());
    }
    for (const Json& item : *list) {
      out.push_back(need(path, model::text_of(item)));
    }
    return out;
  }

  Result<void> good() const {
    return wrong_.empty() ? Result<void>()
                          : fail(Errc::protocol, "the field {} is missing or wrong", wrong_);
  }

 private:
  template <class T>
  T need(std::string_view path, std::optional<T> value) {
    if (!value && wrong_.empty()) {
      wrong_ = path;
    }
    return value ? *std::move(value) : T{};
  }

  const Json& object_;
  std::string wrong_;
};

Result<Json> parse(std::string_view text) {
  auto json = model::parse_json(text);
  if (!json || !json->is_object()) {
    return fail(Errc::protocol, "no JSON object where one belongs");
  }
  return json;
}

Result<std::string> bytes_in(std::string_view text, std::size_t size) {
  auto bytes = text::from_base64(text);
  if (!bytes || bytes->size() != size) {
    return fail(Errc::protocol, "a token or a secret that is none");
  }
  return *std::move(bytes);
}

Result<std::string> token_in(std::string_view text) { return bytes_in(text, limits::token_bytes); }

RailPlace place_of(Fields& fields, const Json& json) {
  return {.provider = fields.text("provider"),
          .endpoint = model::text_at(json, "endpoint").value_or("msg"),
          .port = static_cast<std::uint16_t>(fields.integer("port", 0, 0xFFFF)),
          .address = fields.text("address"),
          .door = fields.text("door")};
}

// The door's name, of its text.
Result<void> take_door(RailPlace& place) {
  if (!place.door.empty()) {
    CP_TRY_ASSIGN(place.door, token_in(place.door));
  }
  return {};
}

std::optional<Error> error_of(const Json& json) {
  if (model::find(json, "error") == nullptr) {
    return std::nullopt;
  }
  return Error{kind_of_name(model::text_at(json, "error.code").value_or("")),
               model::text_at(json, "error.message").value_or("failed"),
               {}};
}

Json to_json(const Incoming& incoming) {
  return {{"sources", incoming.sources},
          {"name", model::text_value(incoming.name)},
          {"is_directory", incoming.is_directory}};
}

Incoming incoming_of(Fields& fields) {
  return {.sources = static_cast<std::size_t>(
              fields.integer("incoming.sources", 1, static_cast<std::int64_t>(kMaxSources))),
          .name = fields.text("incoming.name"),
          .is_directory = fields.boolean("incoming.is_directory")};
}

Json to_json(Compression compression) {
  return compression.is_wanted() ? Json{{"codec", zstd_name}, {"level", to_text(compression)}}
                                 : Json();
}

// None for a codec that is not known here: whoever answers then agrees to none.
Result<Compression> compression_of(const Json& json) {
  if (model::text_at(json, "compression.codec").value_or("") != zstd_name) {
    return no_compression;
  }
  const auto compression =
      parse_compression(model::text_at(json, "compression.level").value_or(""));
  return compression ? compression
                     : fail(Errc::protocol, "the field compression.level is missing or wrong");
}

Json to_json(const Selection& selection) {
  Json rules = Json::array();
  for (const std::string& rule : selection.filter.rules()) {
    rules.push_back(model::text_value(rule));
  }
  Json json{{"rules", rules}, {"one_file_system", selection.one_file_system}};
  if (selection.names) {
    json["names"] = Json::array();
    for (const std::string& name : *selection.names) {
      json["names"].push_back(model::text_value(name));
    }
  }
  if (selection.newer_than_s) {
    json["newer_than_s"] = *selection.newer_than_s;
  }
  return json;
}

Result<Selection> selection_of(Fields& fields, const Json& json) {
  if (model::find(json, "selection") == nullptr) {
    return Selection{};
  }
  Selection selection{.newer_than_s = model::int_at(json, "selection.newer_than_s"),
                      .one_file_system = fields.boolean("selection.one_file_system")};
  if (model::find(json, "selection.names") != nullptr) {
    selection.names = fields.texts("selection.names", limits::message_bytes);
  }
  for (const std::string& rule : fields.texts("selection.rules", kMaxRules)) {
    if (!selection.filter.add(rule)) {
      return fail(Errc::protocol, "a rule of selection that is none");
    }
  }
  return selection;
}

}  // namespace

std::string agreed_codec(const Open& open) {
  return std::string(open.compression.is_wanted() ? zstd_name : "");
}

std::uint32_t agreed_window(RailChoice rail, std::uint32_t window) {
  // Those of a fabric are the receiver's memory.
  return std::min(window,
                  rail == RailChoice::fabric ? limits::window_slots : limits::window_slots_granted);
}

std::uint32_t agreed_window(const Open& open) { return agreed_window(open.rail, open.window); }

Compression agreed_compression(Compression wanted, const Opened& opened) {
  return opened.codec == zstd_name ? wanted : no_compression;
}

std::string to_text(const Hello& hello) {
  return model::to_line({{"cptools", hello.version},
                         {"chunk_bytes", hello.chunk_bytes},
                         {"door", text::to_base64(hello.door)},
                         {"format", hello.format}});
}

Result<Hello> parse_hello(std::string_view text) {
  CP_TRY_ASSIGN(const Json json, parse(text));
  Fields fields(json);
  Hello hello{.version = fields.text("cptools"),
              .chunk_bytes = static_cast<std::uint64_t>(
                  fields.integer("chunk_bytes", limits::chunk_bytes, std::int64_t{1} << 40))};
  CP_TRY(fields.good());
  hello.format = model::int_at(json, "format").value_or(1);
  const std::string door = model::text_at(json, "door").value_or("");
  if (!door.empty()) {
    CP_TRY_ASSIGN(hello.door, token_in(door));
  }
  return hello;
}

bool is_transfer_id(std::string_view id) {
  constexpr std::string_view kLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  return id.size() == 28 && id.starts_with("t-") &&
         id.find_first_not_of(kLetters, 2) == std::string_view::npos;
}

std::string to_text(const Open& open) {
  Json sources = Json::array();
  for (const std::string& source : open.sources) {
    sources.push_back(model::text_value(source));
  }
  Json json{{"direction", word_of(kDirections, open.direction)},
            {"sources", sources},
            {"destination", model::text_value(open.destination)},
            {"incoming", to_json(open.incoming)},
            {"placement", word_of(kPlacements, open.placement)},
            {"durability", word_of(kDurabilities, open.durability)},
            {"rail", word_of(kRails, open.rail)},
            {"provider", model::text_value(open.provider)},
            {"streams", open.streams},
            {"more_streams", open.more_streams},
            {"window", open.window},
            {"dry_run", open.dry_run},
            {"key", open.key ? Json(open.key->hex()) : Json()},
            {"id", open.id},
            {"secret", text::to_base64(open.secret)},
            {"epoch", open.epoch},
            {"token", open.token.empty() ? Json() : Json(open.token)},
            {"sealed", open.sealed},
            {"compression", to_json(open.compression)},
            {"selection", to_json(open.selection)},
            {"bytes_per_second", open.bytes_per_second},
            {"preserve", words_of(open.preserve)},
            {"numeric_ids", open.preserve.numeric_ids},
            {"update", open.sync.update},
            {"checksum", open.sync.checksum},
            {"deletion", word_of(kDeletions, open.deletion)}};
  if (open.comparing) {
    json["comparing"] = name_of(*open.comparing);
  }
  if (open.reads_back) {
    json["reads_back"] = true;
  }
  if (open.measuring) {
    json["measure_ms"] = open.measuring->count();
  }
  if (!open.data_address.empty()) {
    json["data_address"] = model::text_value(open.data_address);
  }
  if (open.ports) {
    json["ports"] = {open.ports->first, open.ports->last};
  }
  if (!open.names.empty()) {
    json["names"] = Json::array();
    for (const std::string& name : open.names) {
      json["names"].push_back(model::text_value(name));
    }
  }
  return model::to_line(json);
}

namespace {

// Not there in an Open of format 1.
Result<void> parse_format_2(Fields& fields, const Json& json, Open& open) {
  if (model::find(json, "preserve") == nullptr) {
    return {};
  }
  for (const std::string& word : fields.texts("preserve", kMaxRules)) {
    CP_TRY(add_word(open.preserve, word));
  }
  open.preserve.numeric_ids = model::bool_at(json, "numeric_ids").value_or(true);
  open.sync = {.update = fields.boolean("update"), .checksum = fields.boolean("checksum")};
  open.deletion = fields.word<Deletion>("deletion", kDeletions);
  return {};
}

// Not there in an Open of an older client, which takes what it gets.
void parse_path(Fields& fields, const Json& json, Open& open) {
  if (model::find(json, "more_streams") != nullptr) {
    open.more_streams =
        static_cast<int>(fields.integer("more_streams", 0, limits::streams - open.streams));
  }
  if (model::find(json, "window") != nullptr) {
    open.window =
        static_cast<std::uint32_t>(fields.integer("window", 1, limits::window_slots_taken));
  }
}

// Not there in an Open of a transfer.
void parse_measuring(Fields& fields, const Json& json, Open& open) {
  if (model::find(json, "measure_ms") != nullptr) {
    open.measuring =
        std::chrono::milliseconds(fields.integer("measure_ms", 1, limits::measuring_time.count()));
  }
}

// Not there when something moves.
Result<void> parse_comparing(const Json& json, Open& open) {
  if (model::find(json, "comparing") == nullptr) {
    return {};
  }
  const std::string kind = model::text_at(json, "comparing").value_or("");
  const bool is_push = open.direction == Direction::push;
  for (const SumKind known : {SumKind::xxh3_128_tree, SumKind::sha256}) {
    if (kind == name_of(known) && !(is_push && known == SumKind::sha256)) {
      open.comparing = known;
      return {};
    }
  }
  return fail(Errc::protocol, "the field comparing is missing or wrong");
}

// Not there when the server may choose.
Result<void> parse_ports(const Json& json, Open& open) {
  open.data_address = model::text_at(json, "data_address").value_or("");
  if (model::find(json, "ports") == nullptr) {
    return {};
  }
  const auto first = model::int_at(json, "ports.0").value_or(0);
  const auto last = model::int_at(json, "ports.1").value_or(0);
  if (first < 1 || last < first || last > 0xFFFF) {
    return fail(Errc::protocol, "the field ports is missing or wrong");
  }
  open.ports = PortRange{static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last)};
  return {};
}

// Not there, or null, in an Open that does not resume.
Result<void> parse_resumption(const Json& json, Open& open) {
  const Json* key = model::find(json, "key");
  if (key == nullptr || key->is_null()) {
    return {};
  }
  open.key = Digest::from_hex(model::text_of(*key).value_or(""));
  open.id = model::text_at(json, "id").value_or("");
  return open.key && is_transfer_id(open.id)
             ? Result<void>()
             : fail(Errc::protocol, "the field key or id is missing or wrong");
}

}  // namespace

Result<Open> parse_open(std::string_view text) {
  CP_TRY_ASSIGN(const Json json, parse(text));
  Fields fields(json);
  Open open{.direction = fields.word<Direction>("direction", kDirections),
            .sources = fields.texts("sources", kMaxSources),
            .destination = fields.text("destination"),
            .incoming = incoming_of(fields),
            .placement = fields.word<Placement>("placement", kPlacements),
            .durability = fields.word<Durability>("durability", kDurabilities),
            .rail = fields.word<RailChoice>("rail", kRails),
            .provider = fields.text("provider"),
            .streams = static_cast<int>(fields.integer("streams", 1, limits::streams)),
            .dry_run = fields.boolean("dry_run"),
            .secret = fields.text("secret"),
            .epoch = static_cast<std::uint64_t>(fields.integer("epoch", 1, kMaxEpoch)),
            .sealed = fields.boolean("sealed")};
  CP_TRY_ASSIGN(open.selection, selection_of(fields, json));
  CP_TRY_ASSIGN(open.compression, compression_of(json));
  open.token = model::text_at(json, "token").value_or("");
  open.reads_back = model::bool_at(json, "reads_back").value_or(false);
  open.bytes_per_second = std::max(model::number_at(json, "bytes_per_second").value_or(0), 0.0);
  CP_TRY(parse_format_2(fields, json, open));
  CP_TRY(parse_ports(json, open));
  if (model::find(json, "names") != nullptr) {
    open.names = fields.texts("names", kMaxSources);
  }
  parse_measuring(fields, json, open);
  CP_TRY(parse_comparing(json, open));
  parse_path(fields, json, open);
  CP_TRY(fields.good());
  CP_TRY_ASSIGN(open.secret, bytes_in(open.secret, limits::key_bytes));
  CP_TRY(parse_resumption(json, open));
  if (open.measuring && (open.dry_run || open.key || open.comparing)) {
    // Nothing that a transfer may leave out, such as the sealing of a dry run, is left out here.
    return fail(Errc::protocol, "a measurement that moves something");
  }
  open.incoming.placement = open.placement;
  if (open.rail == RailChoice::automatic) {
    return fail(Errc::protocol, "the rail is not chosen");
  }
  return open;
}

std::string to_text(const Opened& opened) {
  Json tokens = Json::array();
  for (const std::string& token : opened.tokens) {
    tokens.push_back(text::to_base64(token));
  }
  return model::to_line({{"id", opened.id},
                         {"attempt", opened.attempt},
                         {"tells_have", opened.tells_have},
                         {"window", opened.window},
                         {"tokens", tokens},
                         {"more_streams", opened.more_streams},
                         {"secret", text::to_base64(opened.secret)},
                         {"provider", model::text_value(opened.place.provider)},
                         {"endpoint", opened.place.endpoint},
                         {"port", opened.place.port},
                         {"address", opened.place.address},
                         {"door", text::to_base64(opened.place.door)},
                         {"incoming", to_json(opened.incoming)},
                         {"codec", opened.codec},
                         {"root", model::text_value(opened.plan.root)},
                         {"renamed_to", model::text_value(opened.plan.renamed_to)}});
}

Result<Opened> parse_opened(std::string_view text) {
  CP_TRY_ASSIGN(const Json json, parse(text));
  Fields fields(json);
  Opened opened{
      .id = fields.text("id"),
      .attempt = static_cast<std::uint64_t>(
          std::max<std::int64_t>(1, model::int_at(json, "attempt").value_or(1))),
      .tells_have = model::bool_at(json, "tells_have").value_or(false),
      .window = static_cast<std::uint32_t>(fields.integer("window", 1, limits::window_slots_taken)),
      .tokens = fields.texts("tokens", limits::streams),
      .secret = fields.text("secret"),
      .place = place_of(fields, json),
      .incoming = incoming_of(fields),
      .plan = {fields.text("root"), fields.text("renamed_to")}};
  if (model::find(json, "more_streams") != nullptr) {
    opened.more_streams = static_cast<std::size_t>(
        fields.integer("more_streams", 0, static_cast<std::int64_t>(opened.tokens.size())));
  }
  CP_TRY(fields.good());
  opened.codec = model::text_at(json, "codec").value_or("");
  if (!is_transfer_id(opened.id)) {
    return fail(Errc::protocol, "the field id is missing or wrong");
  }
  CP_TRY_ASSIGN(opened.secret, bytes_in(opened.secret, limits::key_bytes));
  for (std::string& token : opened.tokens) {
    CP_TRY_ASSIGN(token, token_in(token));
  }
  CP_TRY(take_door(opened.place));
  return opened;
}

std::string to_text(const RailWanted& wanted) {
  return model::to_line({{"number", wanted.number},
                         {"rail", word_of(kRails, wanted.kind)},
                         {"provider", model::text_value(wanted.provider)},
                         {"streams", wanted.streams},
                         {"window", wanted.window},
                         {"sealed", wanted.sealed}});
}

Result<RailWanted> parse_rail_wanted(std::string_view text) {
  CP_TRY_ASSIGN(const Json json, parse(text));
  Fields fields(json);
  const RailWanted wanted{
      .number = static_cast<std::uint64_t>(fields.integer("number", 1, limits::other_rails)),
      .kind = fields.word<RailChoice>("rail", kRails),
      .provider = fields.text("provider"),
      .streams = static_cast<int>(fields.integer("streams", 1, limits::streams)),
      .window = static_cast<std::uint32_t>(fields.integer("window", 1, limits::window_slots_taken)),
      .sealed = fields.boolean("sealed")};
  CP_TRY(fields.good());
  if (wanted.kind != RailChoice::tcp && wanted.kind != RailChoice::fabric) {
    return fail(Errc::protocol, "a rail that is not opened beside another");
  }
  return wanted;
}

std::string to_text(const RailGiven& given) {
  Json json = {
      {"number", given.number},           {"window", given.window},
      {"tokens", Json::array()},          {"provider", model::text_value(given.place.provider)},
      {"endpoint", given.place.endpoint}, {"port", given.place.port},
      {"address", given.place.address},   {"door", text::to_base64(given.place.door)}};
  for (const std::string& token : given.tokens) {
    json["tokens"].push_back(text::to_base64(token));
  }
  if (given.error) {
    json["error"] = {{"code", name_of(given.error->code)},
                     {"message", model::text_value(given.error->message)}};
  }
  return model::to_line(json);
}

Result<RailGiven> parse_rail_given(std::string_view text) {
  CP_TRY_ASSIGN(const Json json, parse(text));
  Fields fields(json);
  RailGiven given{
      .number = static_cast<std::uint64_t>(fields.integer("number", 1, limits::other_rails)),
      .error = error_of(json),
      .window = static_cast<std::uint32_t>(fields.integer("window", 1, limits::window_slots_taken)),
      .tokens = fields.texts("tokens", limits::streams),
      .place = place_of(fields, json)};
  CP_TRY(fields.good());
  for (std::string& token : given.tokens) {
    CP_TRY_ASSIGN(token, token_in(token));
  }
  CP_TRY(take_door(given.place));
  if (given.tokens.empty() != given.error.has_value()) {
    return fail(Errc::protocol, "a rail with streams and an error, or with neither");
  }
  return given;
}

}  // namespace cp::transfer
