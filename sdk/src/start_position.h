#pragma once

#include <cstdint>
#include <string>

#include "rowtide/options.h"
#include "sdk/src/kafka_client.h"

namespace rowtide {
inline namespace v1 {

struct StartPosition {
  std::int64_t offset = 0;
  bool is_saved = false;  ///< the checkpoint says so
  std::string note{};     ///< to be kept beside the checkpoint, in Kafka
  std::string origin{};   ///< to be kept beside the checkpoint, in Options::checkpoint_store
};

/// Asks the broker. Throws Error.
[[nodiscard]] std::int32_t count_partitions(rd_kafka_t* client, const Options& options,
                                            const std::string& topic);

/// Where to begin with a partition: the checkpoint, its low end where it was added after the
/// group came to the topic, or Options::start. Asks the broker. Throws Error:
/// PositionLost where records between the checkpoint and what the topic holds are gone, TimeOutsideDataRange.
/// `reader` is make_committed_reader(), where there is a store of checkpoints: those in Kafka go with the
/// topic.
[[nodiscard]] StartPosition start_position(rd_kafka_t* client, rd_kafka_t* reader, const Options& options,
                                           const std::string& topic, std::int32_t partition);

}  // namespace v1
}  // namespace rowtide
