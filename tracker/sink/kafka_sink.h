#pragma once

#include <memory>

#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/sink/sink.h"

namespace rowtide::sink {

/// Records as Kafka messages, by an idempotent producer with acks=all: order per partition holds and nothing
/// is dropped, however long the brokers are away (write() then blocks, once 32 MiB wait). Topics of tables
/// met later are made at their first record. A record that Kafka refuses for good ends the sink: error() says
/// which and what to do. One thread of its own serves the library. `task` must have a Kafka sink;
/// `timestamps` is its format's unit. All arguments are copied.
[[nodiscard]] std::unique_ptr<Sink> make_kafka_sink(const task::Task& task, const task::SecretReader& secrets,
                                                    record::TimestampUnit timestamps);

}  // namespace rowtide::sink
