#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <functional>

#include "absl/status/statusor.h"
#include "common/status/try.h"
#include "tracker/sink/kafka_handle.h"

namespace rowtide::sink {

/// Puts the question, with these options (of which it may set more), to that queue.
using AdminQuestion = std::function<void(rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>;
/// What a code of the library's is as a status; OK for none. `text`: the broker's words, or null.
using AdminError = std::function<absl::Status(rd_kafka_resp_err_t code, const char* text)>;

/// Asks the brokers, and waits for the one answer until the deadline.
inline absl::StatusOr<KafkaEvent> admin_call(rd_kafka_s& client, rd_kafka_admin_op_t operation,
                                             std::chrono::steady_clock::time_point deadline,
                                             const AdminQuestion& ask, const AdminError& error) {
  constexpr int kGraceMs = 1000;  // the library's own timeout tells more
  const KafkaQueue queue(rd_kafka_queue_new(&client));
  const KafkaAdminOptions options(rd_kafka_AdminOptions_new(&client, operation));
  std::array<char, 256> text{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), ms_until(deadline), text.data(), text.size());
  ask(options.get(), queue.get());
  KafkaEvent event(rd_kafka_queue_poll(queue.get(), ms_until(deadline) + kGraceMs));
  if (event == nullptr) return error(RD_KAFKA_RESP_ERR__TIMED_OUT, nullptr);
  RETURN_IF_ERROR(error(rd_kafka_event_error(event.get()), rd_kafka_event_error_string(event.get())));
  return event;
}

}  // namespace rowtide::sink
