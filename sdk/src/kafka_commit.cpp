#include "sdk/src/kafka_commit.h"

#include <exception>

#include "sdk/src/kafka_client.h"

namespace rowtide {
inline namespace v1 {
namespace {

bool is_good(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR__NO_OFFSET;
}

bool is_of_lost_partitions(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
         error == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS || error == RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST;
}

struct CommitAnswer {
  std::vector<CommitFailure> failures;
  std::exception_ptr thrown;
};

void read_answer(rd_kafka_t* /*client*/, rd_kafka_resp_err_t error,
                 rd_kafka_topic_partition_list_t* partitions, void* opaque) noexcept {
  auto* const answer = static_cast<CommitAnswer*>(opaque);
  try {
    answer->failures = failures_of_commit(error, partitions);
  } catch (...) {
    answer->thrown = std::current_exception();
  }
}

}  // namespace

std::vector<CommitFailure> failures_of_commit(rd_kafka_resp_err_t error,
                                              const rd_kafka_topic_partition_list_t* partitions) {
  if (is_of_lost_partitions(error)) return {};
  std::vector<CommitFailure> failures;
  for (int i = 0; partitions != nullptr && i < partitions->cnt; ++i) {
    const rd_kafka_topic_partition_t& each = partitions->elems[i];
    if (!is_good(each.err) && !is_of_lost_partitions(each.err))
      failures.push_back({each.topic, each.partition, each.err});
  }
  if (failures.empty() && !is_good(error)) failures.push_back({"", -1, error});
  return failures;
}

std::vector<PartitionOffset> stored_by_commit(rd_kafka_resp_err_t error,
                                              const rd_kafka_topic_partition_list_t* partitions) {
  if (!is_good(error) || partitions == nullptr) return {};
  std::vector<PartitionOffset> stored;
  for (int i = 0; i < partitions->cnt; ++i) {
    const rd_kafka_topic_partition_t& each = partitions->elems[i];
    if (is_good(each.err)) stored.push_back({each.topic, each.partition, each.offset});
  }
  return stored;
}

std::vector<CommitFailure> commit_and_wait(rd_kafka_t* client,
                                           const rd_kafka_topic_partition_list_t* offsets) {
  CommitAnswer answer;
  const rd_kafka_resp_err_t error = rd_kafka_commit_queue(client, offsets, nullptr, read_answer, &answer);
  if (answer.thrown) std::rethrow_exception(answer.thrown);
  return answer.failures.empty() ? failures_of_commit(error, nullptr) : answer.failures;
}

Error error_of_commit(const std::string& group, const std::vector<CommitFailure>& failures) {
  std::string text = "checkpoints of group " + group + " cannot be committed:";
  for (const CommitFailure& each : failures) {
    text += each.topic.empty() ? " " : " " + place_of(each.topic, each.partition) + ": ";
    text += std::string(rd_kafka_err2str(each.error)) + ";";
  }
  text += " it is tried again at the next one, and what is acknowledged comes again after a restart before";
  const CommitFailure& first = failures.front();
  return {ErrorCode::Checkpoint, text, first.topic, first.partition, -1};
}

}  // namespace v1
}  // namespace rowtide
