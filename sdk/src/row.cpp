#include <algorithm>
#include <stdexcept>
#include <string>

#include "rowtide/change.h"

namespace rowtide {
inline namespace v1 {

const Value* Row::find(std::string_view name) const noexcept {
  const auto found = std::find_if(columns_.begin(), columns_.end(),
                                  [&](const Column& column) { return column.name == name; });
  return found == columns_.end() ? nullptr : &found->value;
}

const Value& Row::at(std::string_view name) const {
  if (const Value* const value = find(name)) return *value;
  throw std::out_of_range("the row has no column '" + std::string(name) + "'");
}

}  // namespace v1
}  // namespace rowtide
