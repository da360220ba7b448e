#pragma once

#include <cstdint>

#include "tracker/schema/definition.h"

namespace rowtide::schema {

/// How much of a column a key of all of it has: characters of CHAR and VARCHAR, bytes of all others. 0: not
/// known (TEXT and BLOB have no key without a prefix).
[[nodiscard]] std::uint32_t key_length(const CatalogColumn& column);

}  // namespace rowtide::schema
