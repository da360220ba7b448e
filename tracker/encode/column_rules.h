#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/task/spec.h"
#include "tracker/encode/encoder.h"

namespace rowtide::encode {

/// As encoder.bind(), for a table some of whose columns the task leaves out, masks or hashes
/// (spec.objects.columns): the encoder sees only what may be delivered. FAILED_PRECONDITION for a column that
/// the table does not have, and for a key column that would be left out or masked. The encoder must outlive
/// the result.
[[nodiscard]] absl::StatusOr<std::unique_ptr<TableEncoder>> bind_with_rule(Encoder& encoder,
                                                                           const binlog::TablePlan& plan,
                                                                           const task::ColumnRule& rule,
                                                                           std::string topic);

}  // namespace rowtide::encode
