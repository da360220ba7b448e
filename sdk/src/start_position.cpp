#include "sdk/src/start_position.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <exception>
#include <optional>
#include <string_view>
#include <thread>

#include "sdk/src/partition_origin.h"

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

/// What the application's store says; whatever it throws is an Error.
template <typename Ask>
auto ask_store(const std::string& topic, std::int32_t partition, const Ask& ask) {
  try {
    return ask();
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

std::optional<std::int64_t> stored_offset(const Options& options, const std::string& topic,
                                          std::int32_t partition) {
  return ask_store(topic, partition, [&] { return options.checkpoint_store->load(topic, partition); });
}

void require_origin(const Options& options, std::int64_t offset, const std::string& now,
                    const std::string& topic, std::int32_t partition) {
  const std::string then =
      ask_store(topic, partition, [&] { return options.checkpoint_store->load_origin(topic, partition); });
  if (!is_made_anew(then, now)) return;
  throw Error(ErrorCode::PositionLost,
              "the checkpoint " + std::to_string(offset) + " of " + place_of(topic, partition) +
                  " is of another topic of that name, which began with the record " + then +
                  " (offset@timestamp) and not " + now +
                  ": the topic was made anew. Take the data anew, and remove the checkpoint",
              topic, partition, offset);
}

/// The group's offsets in Kafka; negative ones are none.
KafkaOffsets committed_offsets(rd_kafka_t* client, const Options& options, const std::string& topic,
                               std::int32_t first, std::int32_t count) {
  KafkaOffsets list(rd_kafka_topic_partition_list_new(count));
  for (std::int32_t i = 0; i < count; ++i)
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), first + i)->offset = RD_KAFKA_OFFSET_INVALID;
  require_answer(options, "cannot ask for the group's offset", topic, first, [&] {
    rd_kafka_resp_err_t error = rd_kafka_committed(client, list.get(), timeout_of(options));
    for (int i = 0; i < list->cnt && error == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) error = list->elems[i].err;
    return error;
  });
  return list;
}

/// How many partitions the topic had when the group came to it first. It tells those that were added later
/// from those that another member begins with just now.
constexpr std::string_view kPartitionsNote = "partitions=";

/// Empty for what the tracker or another program noted: it was of their checkpoint, and is not said again.
std::string note_in(const rd_kafka_topic_partition_t& committed) {
  const std::string note(static_cast<const char*>(committed.metadata), committed.metadata_size);
  return note.starts_with(kPartitionsNote) ? note : "";
}

std::optional<StartPosition> saved_position(rd_kafka_t* client, const Options& options,
                                            const std::string& topic, std::int32_t partition) {
  if (options.checkpoint_store) {
    const std::optional<std::int64_t> offset = stored_offset(options, topic, partition);
    return offset ? std::optional(StartPosition{*offset, true, ""}) : std::nullopt;
  }
  const KafkaOffsets list = committed_offsets(client, options, topic, partition, 1);
  const rd_kafka_topic_partition_t& committed = list->elems[0];
  if (committed.offset < 0) return std::nullopt;
  return StartPosition{committed.offset, true, note_in(committed)};
}

bool is_added_after(const rd_kafka_topic_partition_t& committed, std::int32_t partition) {
  if (committed.offset < 0) return false;
  const std::string note = note_in(committed);
  std::int32_t count = 0;  // of a checkpoint that another program set: not known
  if (!note.empty()) std::from_chars(note.data() + kPartitionsNote.size(), note.data() + note.size(), count);
  return count <= partition;
}

bool is_added_later(rd_kafka_t* client, const Options& options, const std::string& topic,
                    std::int32_t partition, std::int32_t count) {
  if (options.checkpoint_store) {
    for (std::int32_t each = 0; each < count; ++each) {
      if (each != partition && stored_offset(options, topic, each)) return true;
    }
    return false;
  }
  const KafkaOffsets list = committed_offsets(client, options, topic, 0, count);
  return std::any_of(list->elems, list->elems + list->cnt,
                     [&](const auto& each) { return is_added_after(each, partition); });
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

std::int32_t count_partitions(rd_kafka_t* client, const Options& options, const std::string& topic) {
  const KafkaTopic handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  std::int32_t count = 0;
  require_answer(options, "cannot ask for the partitions", topic, -1, [&] {
    const struct rd_kafka_metadata* metadata = nullptr;
    rd_kafka_resp_err_t error = rd_kafka_metadata(client, 0, handle.get(), &metadata, timeout_of(options));
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
    if (metadata->topic_cnt == 1) {
      error = metadata->topics[0].err;
      count = metadata->topics[0].partition_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
    return error;
  });
  return count;
}

StartPosition start_position(rd_kafka_t* client, rd_kafka_t* reader, const Options& options,
                             const std::string& topic, std::int32_t partition) {
  const PartitionRange range = range_of(client, options, topic, partition);
  const std::string origin = reader == nullptr ? "" : origin_of(reader, options, topic, partition, range.low);
  if (auto saved = saved_position(client, options, topic, partition)) {
    require_in_range(saved->offset, range, "the checkpoint", topic, partition);
    if (options.checkpoint_store) require_origin(options, saved->offset, origin, topic, partition);
    saved->origin = origin;
    return *std::move(saved);
  }
  const std::int32_t count = count_partitions(client, options, topic);
  const std::string note = std::string(kPartitionsNote) + std::to_string(count);
  const auto begin_at = [&](std::int64_t offset) { return StartPosition{offset, false, note, origin}; };
  if (is_added_later(client, options, topic, partition, count)) return begin_at(range.low);
  switch (options.start.from) {
    case Start::From::Earliest:
      return begin_at(range.low);
    case Start::From::Latest:
      return begin_at(range.high);
    case Start::From::Offset:
      require_in_range(options.start.offset, range, "Start::at_offset", topic, partition);
      return begin_at(options.start.offset);
    case Start::From::Time:
      return begin_at(offset_at_time(client, options, range, topic, partition));
  }
  return begin_at(range.low);
}

}  // namespace v1
}  // namespace rowtide
