#pragma once

#include <map>
#include <string>

struct rd_kafka_conf_s;

namespace rowtide::test {

/// librdkafka's settings, for rd_kafka_new(), which takes it over. Throws std::runtime_error for one that it
/// refuses.
[[nodiscard]] rd_kafka_conf_s* make_kafka_conf(const std::map<std::string, std::string>& settings);

}  // namespace rowtide::test
