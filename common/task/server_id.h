#pragma once

#include <cstdint>

#include "common/task/spec.h"

namespace rowtide::task {

/// The server id with which a task's tracker registers at the source: spec.source.serverId, or one derived
/// from the task's identity: stable over restarts, from 2^30 up, so that it does not meet ids that people
/// give by hand.
[[nodiscard]] std::uint32_t effective_server_id(const Task& task);

/// The environment variable by which a sidecar knows its pod.
inline constexpr const char* kPodUid = "ROWTIDE_POD_UID";

/// Of a task with sink.stream: the first of as many ids as it may have readers, spec.source.serverId, or
/// derived from the task's identity and the pod's uid, else this host's name, since each replica of an
/// application reads for itself.
[[nodiscard]] std::uint32_t first_reader_server_id(const Task& task);

}  // namespace rowtide::task
