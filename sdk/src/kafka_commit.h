#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <string>
#include <vector>

#include "rowtide/checkpoint_store.h"
#include "rowtide/error.h"

namespace rowtide {
inline namespace v1 {

/// Of one partition, or "" and -1: of all.
struct CommitFailure {
  std::string topic;
  std::int32_t partition = -1;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

/// What of a commit is not stored: the answer as a whole may be good and a partition's not. Nothing for
/// partitions that are another member's by now, who goes on at the checkpoint before.
[[nodiscard]] std::vector<CommitFailure> failures_of_commit(
    rd_kafka_resp_err_t error, const rd_kafka_topic_partition_list_t* partitions);

/// What of a commit is stored.
[[nodiscard]] std::vector<PartitionOffset> stored_by_commit(
    rd_kafka_resp_err_t error, const rd_kafka_topic_partition_list_t* partitions);

/// Commits these and waits.
[[nodiscard]] std::vector<CommitFailure> commit_and_wait(rd_kafka_t* client,
                                                         const rd_kafka_topic_partition_list_t* offsets);

/// `failures` has one at least.
[[nodiscard]] Error error_of_commit(const std::string& group, const std::vector<CommitFailure>& failures);

}  // namespace v1
}  // namespace rowtide
