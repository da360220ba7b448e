#pragma once

#include <memory>

#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/commands/deferred.h"
#include "tracker/run/parts.h"

namespace rowtide::commands {

/// The source of a task, made when it is opened first.
[[nodiscard]] std::unique_ptr<source::EventSource> make_source(task::Task& task,
                                                               const task::SecretReader& secrets);

/// What a task is run with. The source's address may stand in `task` only from open_way_in on. All outlive
/// the result.
[[nodiscard]] run::Parts make_parts(task::Task& task, const task::SecretReader& secrets,
                                    source::EventSource& source, sink::Sink& sink,
                                    checkpoint::CheckpointStore* checkpoints);

}  // namespace rowtide::commands
