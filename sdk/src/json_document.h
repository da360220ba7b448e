#pragma once

#include <simdjson.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rowtide/change.h"

namespace rowtide {
inline namespace v1 {

/// The memory of a change of JSON.
class JsonStorage {
 public:
  explicit JsonStorage(std::size_t size) : size_(size), bytes_(new char[size]), next_(bytes_.get()) {}

  /// The texts of a JSON are together no longer than the JSON: what is kept fits if each is kept once.
  [[nodiscard]] std::string_view keep(std::string_view text);
  void hand_over(Change& change) {
    change.storage = std::move(bytes_);
    change.storage_size = size_;
  }

 private:
  std::size_t size_;
  std::shared_ptr<char[]> bytes_;
  char* next_;
};

/// A parser with its input, which simdjson wants with padding behind it. simdjson's DOM, because it picks the
/// processor's instructions at run time, where On Demand is compiled for one kind.
class JsonDocument {
 public:
  /// Good until the next call. Throws simdjson_error.
  [[nodiscard]] simdjson::dom::object parse_object(std::string_view json);

 private:
  simdjson::dom::parser parser_;
  std::vector<char> padded_;
};

/// As values: a range-based for keeps them alive, and not the result that value() refers into. Throw
/// simdjson_error.
[[nodiscard]] simdjson::dom::object object_of(simdjson::dom::element element);
[[nodiscard]] simdjson::dom::array array_of(simdjson::dom::element element);

/// A string, or "" of null. Throws simdjson_error if it is something else.
[[nodiscard]] std::string_view read_text(simdjson::dom::element element, JsonStorage& storage);
/// Numbers as Int64, UInt64 or Double, strings as Text, arrays and objects as Json.
[[nodiscard]] Value read_value(simdjson::dom::element element, JsonStorage& storage);
/// An object's members, or nothing of null. Throws simdjson_error if it is something else.
void read_row(simdjson::dom::element element, JsonStorage& storage, Row& row);

/// For a message.
[[nodiscard]] std::string describe(const simdjson::simdjson_error& error);

}  // namespace v1
}  // namespace rowtide
