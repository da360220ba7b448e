#include "tracker/sink/partitioner.h"

namespace rowtide::sink {
namespace {

std::uint32_t byte_at(std::string_view bytes, std::size_t index) noexcept {
  return static_cast<unsigned char>(bytes[index]);
}

std::int32_t by_hash(std::string_view bytes, std::int32_t partitions) noexcept {
  return static_cast<std::int32_t>(positive_murmur2(bytes) % static_cast<std::uint32_t>(partitions));
}

}  // namespace

std::uint32_t positive_murmur2(std::string_view bytes) noexcept {
  constexpr std::uint32_t kSeed = 0x9747b28c;
  constexpr std::uint32_t kMix = 0x5bd1e995;
  constexpr int kShift = 24;

  const auto length = static_cast<std::uint32_t>(bytes.size());
  std::uint32_t hash = kSeed ^ length;
  std::size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    std::uint32_t word = byte_at(bytes, at) | byte_at(bytes, at + 1) << 8 | byte_at(bytes, at + 2) << 16 |
                         byte_at(bytes, at + 3) << 24;
    word *= kMix;
    word ^= word >> kShift;
    word *= kMix;
    hash *= kMix;
    hash ^= word;
  }
  const std::size_t left = bytes.size() - at;
  if (left == 3) hash ^= byte_at(bytes, at + 2) << 16;
  if (left >= 2) hash ^= byte_at(bytes, at + 1) << 8;
  if (left >= 1) {
    hash ^= byte_at(bytes, at);
    hash *= kMix;
  }
  hash ^= hash >> 13;
  hash *= kMix;
  hash ^= hash >> 15;
  return hash & 0x7fffffffU;
}

std::int32_t partition_of(const record::Record& record, task::PartitionBy partition_by,
                          std::int32_t partitions) noexcept {
  switch (partition_by) {
    case task::PartitionBy::Task:
      return 0;
    case task::PartitionBy::Table:
      return by_hash(record.table, partitions);
    case task::PartitionBy::PrimaryKey:
      if (record.is_schema_change) return 0;
      return by_hash(record.key ? *record.key : record.table, partitions);
  }
  return 0;
}

}  // namespace rowtide::sink
