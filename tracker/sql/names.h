#pragma once

#include <compare>
#include <string>

#include "common/names/name_case.h"

namespace rowtide::sql {

struct TableName {
  std::string database;
  std::string table;
  auto operator<=>(const TableName&) const = default;
};

using names::is_same_name;
using names::to_lower;

}  // namespace rowtide::sql
