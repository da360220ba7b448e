#pragma once

#include <cstdint>
#include <string_view>

#include "common/task/spec.h"
#include "tracker/record/record_batch.h"

namespace rowtide::sink {

/// Kafka's own murmur2 (org.apache.kafka.common.utils.Utils), as a positive number: what Java's default
/// partitioner takes modulo the number of partitions.
[[nodiscard]] std::uint32_t positive_murmur2(std::string_view bytes) noexcept;

/// The partition of a record; `partitions` is at least 1. What must keep its order goes to one partition:
/// Task: everything to 0. Table: by "database.table". PrimaryKey: by the key, exactly as Java's default
/// partitioner would (records without a key by table), and schema changes to 0.
[[nodiscard]] std::int32_t partition_of(const record::Record& record, task::PartitionBy partition_by,
                                        std::int32_t partitions) noexcept;

}  // namespace rowtide::sink
