#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tracker/checkpoint/checkpoint_store.h"
#include "tracker/checkpoint/owner.h"

namespace rowtide::checkpoint {

/// {"name":"default/orders","position":{...},"resetNonce":0,"savedAtMs":1700000000000,"source":"db:3306","task":"<identity>",
/// "topic":"default.orders","version":1}: what every store keeps.
[[nodiscard]] std::string to_json(const Checkpoint& checkpoint, const Owner& owner);

/// {"key":"...","value":"..."}
[[nodiscard]] std::string to_json(const SchemaEntry& entry);
[[nodiscard]] absl::StatusOr<SchemaEntry> schema_entry_from_json(std::string_view text);

/// DATA_LOSS for what is not such a text, or of a newer version; FAILED_PRECONDITION for another task's, and
/// for one that was handed over. Says what is wrong; the store adds where, and the repair.
[[nodiscard]] absl::StatusOr<Checkpoint> checkpoint_from_json(std::string_view text,
                                                              std::string_view task_identity);

}  // namespace rowtide::checkpoint
