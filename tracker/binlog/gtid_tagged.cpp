// GTID_TAGGED_LOG_EVENT (MySQL 8.3+): a message of mysql::serialization, whose integers have as many bytes
// more as the first one has trailing ones. Source: MySQL libs/mysql/serialization/readme.md and
// variable_length_integers.h; the fields: Gtid_event::define_fields()
// (libs/mysql/binlog/event/control_events.h).
#include <fmt/format.h>

#include <bit>

#include "tracker/binlog/transaction_events.h"

namespace rowtide::binlog {
namespace {

constexpr std::uint64_t kSerializationVersion = 1;

enum class TaggedField : std::uint64_t {
  Flags,
  Uuid,
  Number,
  Tag,
  LastCommitted,
  SequenceNumber,
  ImmediateCommitTimestamp,
  OriginalCommitTimestamp,
  TransactionLength,
  ImmediateServerVersion,
  OriginalServerVersion,
  CommitGroupTicket,
};

std::uint64_t read_unsigned(ByteReader& reader) {
  const std::uint8_t first = reader.u8();
  const auto more = static_cast<unsigned>(std::countr_one(first));
  if (more == 0) return first >> 1U;
  if (more == 8) return reader.u64();
  const std::uint64_t rest = reader.little_endian(more);
  // `more` ones and a zero are no part of the number; with seven of them nothing of the byte is left.
  return (rest << (7U - more)) | (std::uint64_t{first} >> (more + 1U));
}

/// The sign is the lowest bit.
std::int64_t read_signed(ByteReader& reader) {
  const std::uint64_t folded = read_unsigned(reader);
  const auto magnitude = static_cast<std::int64_t>(folded >> 1U);
  return (folded & 1U) != 0 ? ~magnitude : magnitude;
}

bool read_field(TaggedField field, ByteReader& reader, GtidEvent& event) {
  switch (field) {
    case TaggedField::Uuid:
      for (std::uint8_t& byte : event.gtid.uuid) {
        const std::uint64_t value = read_unsigned(reader);
        if (value > 0xff) return false;
        byte = static_cast<std::uint8_t>(value);
      }
      return true;
    case TaggedField::Number: {
      const std::int64_t number = read_signed(reader);
      if (number < 0) return false;
      event.gtid.number = static_cast<std::uint64_t>(number);
      return true;
    }
    case TaggedField::Tag: {
      const std::uint64_t length = read_unsigned(reader);
      if (length > kMaxTagLength) return false;
      event.gtid.tag = std::string(reader.text(length));
      return true;
    }
    case TaggedField::ImmediateCommitTimestamp:
    case TaggedField::OriginalCommitTimestamp:  // follows the immediate one where the two differ
      event.commit_timestamp_us = static_cast<std::int64_t>(read_unsigned(reader));
      return true;
    case TaggedField::LastCommitted:
    case TaggedField::SequenceNumber:
      read_signed(reader);
      return true;
    case TaggedField::Flags:
    case TaggedField::TransactionLength:
    case TaggedField::ImmediateServerVersion:
    case TaggedField::OriginalServerVersion:
    case TaggedField::CommitGroupTicket:
      read_unsigned(reader);
      return true;
  }
  return false;
}

absl::Status damaged(Bytes body, std::string_view what) {
  return absl::DataLossError(fmt::format(
      "GTID_TAGGED event with a body of {} bytes: {}; the stream is damaged, or its server writes a "
      "form that this version does not know",
      body.size(), what));
}

}  // namespace

absl::StatusOr<GtidEvent> parse_gtid_tagged(Bytes body) {
  ByteReader reader(body);
  if (read_unsigned(reader) != kSerializationVersion)
    return damaged(body, "its serialization version is not 1");
  const std::uint64_t size = read_unsigned(reader);
  const std::uint64_t last_not_ignorable = read_unsigned(reader);
  if (!reader.ok() || size != body.size()) return damaged(body, "its size is not what it says");

  GtidEvent event;
  while (!reader.at_end()) {
    const std::uint64_t id = read_unsigned(reader);
    if (id > static_cast<std::uint64_t>(TaggedField::CommitGroupTicket)) {
      // Fields have no length: what follows one that is not known can only be left.
      if (id < last_not_ignorable) return damaged(body, fmt::format("field {} is not known", id));
      break;
    }
    if (!read_field(static_cast<TaggedField>(id), reader, event)) {
      return damaged(body, fmt::format("field {} has a value that it cannot have", id));
    }
  }
  if (!reader.ok() || event.gtid.number == 0) return damaged(body, "it ends too early");
  return event;
}

}  // namespace rowtide::binlog
