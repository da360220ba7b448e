#include <fmt/format.h>

#include <algorithm>

#include "common/status/reason.h"
#include "tracker/precheck/check_list.h"
#include "tracker/sink/kafka_probe.h"

namespace rowtide::precheck {

bool has_kafka_sink(const task::Task& task) {
  return task.spec.sink.kafka.has_value();
}

CheckItem check_kafka_reachable(CheckContext& context) {
  constexpr std::chrono::milliseconds kProbeTime{8000};
  const task::KafkaSink& kafka = *context.task().spec.sink.kafka;
  const std::string servers = join_some(kafka.bootstrap_servers);
  const absl::StatusOr<sink::BrokerInfo> brokers =
      sink::probe_kafka(kafka, context.secrets(), std::min(kProbeTime, context.time_left()));
  if (brokers.ok()) return passed(fmt::format("{}: {} brokers", servers, brokers->brokers));
  const std::string reason = reason_of(brokers.status());
  return failed(Finding{.reason = reason.empty() ? "KafkaUnreachable" : reason,
                        .observed = fmt::format("{} at {}", reason, servers),
                        .expected = "a Kafka cluster that answers and accepts the credentials",
                        .message = std::string(brokers.status().message()),
                        .repair = "check spec.sink.kafka (bootstrapServers, security), and that the brokers' "
                                  "advertised addresses can be reached from this network"});
}

}  // namespace rowtide::precheck
