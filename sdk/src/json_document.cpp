#include "sdk/src/json_document.h"

#include <cstring>

namespace rowtide {
inline namespace v1 {
namespace {

using simdjson::dom::element_type;

}  // namespace

std::string_view JsonStorage::keep(std::string_view text) {
  char* const begin = next_;
  if (text.size() > size_ - static_cast<std::size_t>(begin - bytes_.get()))
    throw simdjson::simdjson_error(simdjson::CAPACITY);
  std::memcpy(begin, text.data(), text.size());
  next_ += text.size();
  return {begin, text.size()};
}

simdjson::dom::object JsonDocument::parse_object(std::string_view json) {
  const std::size_t needed = json.size() + simdjson::SIMDJSON_PADDING;
  if (padded_.size() < needed) padded_.resize(needed * 2);
  std::memcpy(padded_.data(), json.data(), json.size());
  std::memset(padded_.data() + json.size(), 0, simdjson::SIMDJSON_PADDING);
  return parser_.parse(padded_.data(), json.size(), false).get_object().value();
}

simdjson::dom::object object_of(simdjson::dom::element element) {
  return element.get_object().value();
}
simdjson::dom::array array_of(simdjson::dom::element element) {
  return element.get_array().value();
}

std::string_view read_text(simdjson::dom::element element, JsonStorage& storage) {
  if (element.is_null()) return {};
  return storage.keep(element.get_string().value());
}

Value read_value(simdjson::dom::element element, JsonStorage& storage) {
  switch (element.type()) {
    case element_type::NULL_VALUE:
      return {};
    case element_type::BOOL:
      return Value::of_bool(element.get_bool().value_unsafe());
    case element_type::INT64:
      return Value::of_int64(element.get_int64().value_unsafe());
    case element_type::UINT64:
      return Value::of_uint64(element.get_uint64().value_unsafe());
    case element_type::DOUBLE:
      return Value::of_double(element.get_double().value_unsafe());
    case element_type::STRING:
      return Value::of_text(ValueKind::Text, storage.keep(element.get_string().value_unsafe()));
    case element_type::ARRAY:
    case element_type::OBJECT:
      return Value::of_text(ValueKind::Json, storage.keep(simdjson::minify(element)));
  }
  return {};
}

void read_row(simdjson::dom::element element, JsonStorage& storage, Row& row) {
  if (element.is_null()) return;
  const simdjson::dom::object object = element.get_object().value();
  row.reserve(object.size());
  for (const auto& [name, value] : object) row.add(storage.keep(name), read_value(value, storage));
}

std::string describe(const simdjson::simdjson_error& error) {
  return std::string("it is no such JSON: ") + error.what();
}

}  // namespace v1
}  // namespace rowtide
