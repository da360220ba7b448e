#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/task/spec.h"

namespace rowtide::checkpoint {

/// Whose a checkpoint is, as it stands in it. A task that was deleted and created again has another identity,
/// and is known by the rest.
struct Owner {
  std::string identity;          ///< task::Task::identity()
  std::string name;              ///< "<namespace>/<name>"; empty: of a Rowtide before 0.3
  std::string source;            ///< "<host>:<port>"
  std::string topic;             ///< as the task names it, with {database} and {table}; empty without Kafka
  std::int64_t reset_nonce = 0;  ///< of the spec that it was made under
  std::string moved_to = {};     ///< nothing but the identity that the place was handed over to
  bool operator==(const Owner&) const = default;
};

[[nodiscard]] Owner owner_of(const task::Task& task);
/// What cannot be read is empty.
[[nodiscard]] Owner owner_from_json(std::string_view checkpoint);

/// Why `task` may not go on where `former`, of the same name, has been; empty: it may.
[[nodiscard]] std::string why_not_continued(const Owner& former, const Owner& task);

/// The checkpoint as another task's, all else as it is.
[[nodiscard]] std::string with_identity(std::string_view checkpoint, std::string_view identity);

/// What stays of a checkpoint that was handed over: its task must not begin anew, nor take it back.
[[nodiscard]] std::string moved_json(const Owner& former, std::string_view to);

/// What any checkpoint of a task with this name holds, as text.
[[nodiscard]] std::string mark_of_name(std::string_view name);

}  // namespace rowtide::checkpoint
