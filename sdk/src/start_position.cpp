#include "sdk/src/start_position.h"

#include <chrono>
#include <exception>
#include <optional>
#include <thread>

namespace rowtide {
inline namespace v1 {
namespace {

struct PartitionRange {
  std::int64_t low = 0;
  std::int64_t high = 0;  ///< of the record that comes next
};

int timeout_of(const Options& options) {
  return static_cast<int>(options.connect_timeout.count());
}

/// What passes by itself, as after a broker's failover.
bool is_passing(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
      return true;
    default:
      return false;
  }
}

/// Asks again for as long as Options::connect_timeout while the answer is one that passes.
template <typename Ask>
void require_answer(const Options& options, const std::string& what, const std::string& topic,
                    std::int32_t partition, const Ask& ask) {
  constexpr std::chrono::milliseconds kPause{100};
  const auto end = std::chrono::steady_clock::now() + options.connect_timeout;
  rd_kafka_resp_err_t error = ask();
  while (is_passing(error) && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(kPause);
    error = ask();
  }
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  throw Error(code_of(error), what + " of " + place_of(topic, partition) + ": " + rd_kafka_err2str(error),
              topic, partition, -1);
}

PartitionRange range_of(rd_kafka_t* client, const Options& options, const std::string& topic,
                        std::int32_t partition) {
  PartitionRange range;
  require_answer(options, "cannot ask for the offsets", topic, partition, [&] {
    return rd_kafka_query_watermark_offsets(client, topic.c_str(), partition, &range.low, &range.high,
                                            timeout_of(options));
  });
  return range;
}

KafkaOffsets one_offset(const std::string& topic, std::int32_t partition, std::int64_t offset) {
  KafkaOffsets list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  return list;
}

std::optional<std::int64_t> saved_offset(rd_kafka_t* client, const Options& options, const std::string& topic,
                                         std::int32_t partition) {
  if (options.checkpoint_store) {
    try {
      return options.checkpoint_store->load(topic, partition);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw Error(ErrorCode::Checkpoint,
                  "the checkpoint of " + place_of(topic, partition) + ": " + error.what(), topic, partition,
                  -1);
    } catch (...) {
      throw Error(ErrorCode::Checkpoint,
                  "the checkpoint of " + place_of(topic, partition) +
                      ": CheckpointStore::load() threw what is no std::exception",
                  topic, partition, -1);
    }
  }
  const KafkaOffsets list = one_offset(topic, partition, RD_KAFKA_OFFSET_INVALID);
  require_answer(options, "cannot ask for the group's offset", topic, partition, [&] {
    const rd_kafka_resp_err_t error = rd_kafka_committed(client, list.get(), timeout_of(options));
    return error == RD_KAFKA_RESP_ERR_NO_ERROR ? list->elems[0].err : error;
  });
  if (list->elems[0].offset < 0) return std::nullopt;
  return list->elems[0].offset;
}

void require_in_range(std::int64_t offset, const PartitionRange& range, const std::string& whose,
                      const std::string& topic, std::int32_t partition) {
  if (offset >= range.low && offset <= range.high) return;
  throw Error(
      ErrorCode::PositionLost,
      whose + " " + std::to_string(offset) + " is outside what " + place_of(topic, partition) + " holds, " +
          std::to_string(range.low) + " to " + std::to_string(range.high) +
          ": records were deleted, or the topic was made anew. Take the data anew, and set the offset to where "
          "that stands",
      topic, partition, offset);
}

/// Records of dts-avro have their timestamps in seconds.
std::int64_t timestamp_of(const Options& options) {
  const auto since = options.start.time.time_since_epoch();
  if (options.format == Format::DtsAvro) return std::chrono::ceil<std::chrono::seconds>(since).count();
  return since.count();
}

std::int64_t offset_at_time(rd_kafka_t* client, const Options& options, const PartitionRange& range,
                            const std::string& topic, std::int32_t partition) {
  const KafkaOffsets list = one_offset(topic, partition, 0);
  require_answer(options, "cannot look up the start time", topic, partition, [&] {
    list->elems[0].offset = timestamp_of(options);
    const rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(client, list.get(), timeout_of(options));
    return error == RD_KAFKA_RESP_ERR_NO_ERROR ? list->elems[0].err : error;
  });
  const std::int64_t offset = list->elems[0].offset;
  if (offset < 0 && range.low == range.high && range.low > 0) {
    throw Error(ErrorCode::TimeOutsideDataRange,
                "Start::at_time: " + place_of(topic, partition) + " holds no records any more, all " +
                    std::to_string(range.low) +
                    " were deleted, and whether some came after that time is not known; begin with "
                    "Start::latest(), or Start::earliest() and take the data anew",
                topic, partition, -1);
  }
  if (offset < 0) return range.high;  // nothing at or after it yet
  if (offset <= range.low && range.low > 0) {
    throw Error(ErrorCode::TimeOutsideDataRange,
                "Start::at_time is before what " + place_of(topic, partition) +
                    " still holds, which begins at offset " + std::to_string(range.low) +
                    "; choose a later time, or Start::earliest() and take the data anew",
                topic, partition, -1);
  }
  return offset;
}

}  // namespace

StartPosition start_position(rd_kafka_t* client, const Options& options, const std::string& topic,
                             std::int32_t partition) {
  const PartitionRange range = range_of(client, options, topic, partition);
  if (const auto saved = saved_offset(client, options, topic, partition)) {
    require_in_range(*saved, range, "the checkpoint", topic, partition);
    return {*saved, true};
  }
  switch (options.start.from) {
    case Start::From::Earliest:
      return {range.low, false};
    case Start::From::Latest:
      return {range.high, false};
    case Start::From::Offset:
      require_in_range(options.start.offset, range, "Start::at_offset", topic, partition);
      return {options.start.offset, false};
    case Start::From::Time:
      return {offset_at_time(client, options, range, topic, partition), false};
  }
  return {range.low, false};
}

}  // namespace v1
}  // namespace rowtide
