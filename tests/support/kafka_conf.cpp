#include "tests/support/kafka_conf.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <stdexcept>

namespace rowtide::test {

rd_kafka_conf_s* make_kafka_conf(const std::map<std::string, std::string>& settings) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char error[512];
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error, sizeof error) == RD_KAFKA_CONF_OK)
      continue;
    rd_kafka_conf_destroy(conf);
    throw std::runtime_error(fmt::format("Kafka: setting {}: {}", name, error));
  }
  return conf;
}

}  // namespace rowtide::test
