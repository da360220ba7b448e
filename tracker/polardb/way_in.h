#pragma once

#include "absl/status/status.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/polardb/cluster.h"

namespace rowtide::polardb {

/// What a task with source.polardb needs before it can connect: source.host and port, where the cluster's API
/// looks them up, and with whitelist.mode Manage its networks let in (spec.network.whitelist.egressCIDRs, or
/// the address of this pod). With another mode and LetIn::Replace what the task's group holds, from when it
/// was Manage, is taken back; that this fails is only logged. Without source.polardb it does nothing. Errors
/// are OpenApi's.
[[nodiscard]] absl::Status open_way_in(task::Task& task, const task::SecretReader& secrets, LetIn how,
                                       const Patience& patience);

/// The other way round, for a task that is deleted: its whitelist group is emptied.
[[nodiscard]] absl::Status close_way_in(const task::Task& task, const task::SecretReader& secrets,
                                        const Patience& patience);

}  // namespace rowtide::polardb
