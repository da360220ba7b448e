// GTID sets as text and as bytes: what is accepted is written and read again as the same.
#include "tracker/binlog/gtid.h"

#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rowtide;
  using binlog::MariadbGtidSet;
  using binlog::MysqlGtidSet;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto set = MysqlGtidSet::parse(text); set.ok()) {
    const auto again = MysqlGtidSet::parse(set->to_string());
    fuzz::require(again.ok() && *again == *set);
    const std::string encoded = set->encode();
    const auto decoded = MysqlGtidSet::decode(as_bytes(encoded));
    fuzz::require(decoded.ok() && *decoded == *set);
  }
  if (const auto set = MariadbGtidSet::parse(text); set.ok()) {
    const auto again = MariadbGtidSet::parse(set->to_string());
    fuzz::require(again.ok() && *again == *set);
  }
  if (const auto set = MysqlGtidSet::decode(fuzz::as_input(data, size)); set.ok()) {
    const std::string encoded = set->encode();
    const auto again = MysqlGtidSet::decode(as_bytes(encoded));
    fuzz::require(again.ok() && *again == *set);
  }
  return 0;
}
