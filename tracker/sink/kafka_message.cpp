#include "tracker/sink/kafka_message.h"

#include <librdkafka/rdkafka.h>

#include <array>

namespace rowtide::sink {
namespace {

rd_kafka_vu_t argument(rd_kafka_vtype_t type) {
  rd_kafka_vu_t result{};
  result.vtype = type;
  return result;
}

rd_kafka_vu_t memory_argument(rd_kafka_vtype_t type, std::string_view bytes) {
  rd_kafka_vu_t result = argument(type);
  result.u.mem.ptr = const_cast<char*>(bytes.data());  // copied by the library (RD_KAFKA_MSG_F_COPY)
  result.u.mem.size = bytes.size();
  return result;
}

rd_kafka_headers_t* make_headers(std::span<const record::RecordHeader> headers) {
  if (headers.empty()) return nullptr;
  rd_kafka_headers_t* result = rd_kafka_headers_new(headers.size());
  for (const record::RecordHeader& header : headers) {
    rd_kafka_header_add(result, header.name.data(), static_cast<ssize_t>(header.name.size()),
                        header.value.data(), static_cast<ssize_t>(header.value.size()));
  }
  return result;
}

}  // namespace

std::uint64_t largest_size(const record::Record& record) {
  constexpr std::uint64_t kBatchHeader = 61;
  constexpr std::uint64_t kVarint = 5;  // of 32 bits
  // length, attributes, timestamp and offset (differences, 0 here), key, value and headers with their
  // lengths.
  std::uint64_t size = kBatchHeader + kVarint + 3 + 3 * kVarint;
  size += record.key ? record.key->size() : 0;
  size += record.value ? record.value->size() : 0;
  for (const record::RecordHeader& header : record.headers)
    size += header.name.size() + header.value.size() + 2 * kVarint;
  return size;
}

std::optional<ProduceError> produce(rd_kafka_t& producer, const KafkaMessage& message) {
  std::array<rd_kafka_vu_t, 8> arguments;
  std::size_t count = 0;
  if (message.topic != nullptr) {
    arguments[count] = argument(RD_KAFKA_VTYPE_RKT);
    arguments[count++].u.rkt = message.topic;
  } else {
    arguments[count] = argument(RD_KAFKA_VTYPE_TOPIC);
    arguments[count++].u.cstr = message.topic_name;
  }
  arguments[count] = argument(RD_KAFKA_VTYPE_PARTITION);
  arguments[count++].u.i32 = message.partition;
  arguments[count] = argument(RD_KAFKA_VTYPE_MSGFLAGS);
  arguments[count++].u.i = RD_KAFKA_MSG_F_COPY;
  arguments[count] = argument(RD_KAFKA_VTYPE_OPAQUE);
  arguments[count++].u.ptr = message.opaque;
  if (message.timestamp_ms) {
    arguments[count] = argument(RD_KAFKA_VTYPE_TIMESTAMP);
    arguments[count++].u.i64 = *message.timestamp_ms;
  }
  if (message.key) arguments[count++] = memory_argument(RD_KAFKA_VTYPE_KEY, *message.key);
  if (message.value) arguments[count++] = memory_argument(RD_KAFKA_VTYPE_VALUE, *message.value);
  rd_kafka_headers_t* headers = make_headers(message.headers);
  if (headers != nullptr) {
    arguments[count] = argument(RD_KAFKA_VTYPE_HEADERS);
    arguments[count++].u.headers = headers;
  }
  rd_kafka_error_t* error = rd_kafka_produceva(&producer, arguments.data(), count);
  if (error == nullptr) return std::nullopt;  // the headers are the library's now
  if (headers != nullptr) rd_kafka_headers_destroy(headers);
  ProduceError result{rd_kafka_error_code(error), rd_kafka_error_string(error)};
  rd_kafka_error_destroy(error);
  return result;
}

}  // namespace rowtide::sink
