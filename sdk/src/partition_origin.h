#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/src/kafka_client.h"

namespace rowtide {
inline namespace v1 {

/// What tells a partition from one of the same name in a topic that was made anew: "7@1700000000000", the
/// offset and timestamp of the first record that is committed. "" where there is none yet.
[[nodiscard]] std::string text_of_origin(std::int64_t offset, std::int64_t timestamp);

/// Retention moves the beginning forwards: an earlier one, or another record in its place, is of another
/// topic. With a later one, or where one is not known, it cannot be told.
[[nodiscard]] bool is_made_anew(std::string_view then, std::string_view now);

/// Reads it from the broker, from the partition's low end on. Throws Error.
[[nodiscard]] std::string origin_of(rd_kafka_t* client, const Options& options, const std::string& topic,
                                    std::int32_t partition, std::int64_t low);

}  // namespace v1
}  // namespace rowtide
