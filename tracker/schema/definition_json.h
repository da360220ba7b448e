#pragma once

#include <nlohmann/json_fwd.hpp>

#include "absl/status/statusor.h"
#include "tracker/schema/definition.h"

namespace rowtide::schema {

/// What is at its default is left out.
[[nodiscard]] nlohmann::json to_json(const CatalogTable& table);
[[nodiscard]] absl::StatusOr<CatalogTable> table_from_json(const nlohmann::json& json);

}  // namespace rowtide::schema
