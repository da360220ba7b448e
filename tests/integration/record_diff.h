#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/kafka_reader.h"

namespace rowtide::test {

/// One place where a record of Debezium and the one of Rowtide for the same change are not the same.
struct Difference {
  std::string table;        ///< "" for what belongs to no table
  std::string column;       ///< "" outside of before, after and key
  std::string column_type;  ///< as information_schema has it
  std::string path;         ///< "value.after.c1", "key.id", "headers"
  nlohmann::ordered_json theirs;
  nlohmann::ordered_json ours;
};

/// A kind of difference that is meant to be, and listed in docs/formats/debezium-differences.md under its
/// name.
struct AllowedDifference {
  std::string name;
  std::function<bool(const Difference&)> covers;
};

[[nodiscard]] const std::vector<AllowedDifference>& allowed_differences();
[[nodiscard]] const std::vector<AllowedDifference>& allowed_schema_differences();

/// Compares record by record, and counts.
class RecordComparison {
 public:
  /// "table.column" -> column type.
  RecordComparison(std::map<std::string, std::string> column_types,
                   const std::vector<AllowedDifference>& allowed)
      : column_types_(std::move(column_types)), allowed_kinds_(&allowed) {}

  /// The same change, seen by both.
  void compare(const KafkaRecord& theirs, const KafkaRecord& ours);
  /// A difference that is seen from outside.
  void count(const std::string& allowed_kind) { ++allowed_[allowed_kind]; }

  [[nodiscard]] std::size_t records() const { return records_; }
  [[nodiscard]] std::size_t values() const { return values_; }
  /// By name of what is allowed.
  [[nodiscard]] const std::map<std::string, std::size_t>& allowed() const { return allowed_; }
  /// One line each, the first few of each column.
  [[nodiscard]] const std::vector<std::string>& unexpected() const { return unexpected_; }

 private:
  using json = nlohmann::ordered_json;
  void diff(const std::string& path, const json& theirs, const json& ours);
  void report(const std::string& path, const json& theirs, const json& ours);

  std::map<std::string, std::string> column_types_;
  const std::vector<AllowedDifference>* allowed_kinds_;
  std::string table_;
  std::size_t records_ = 0;
  std::size_t values_ = 0;
  std::map<std::string, std::size_t> allowed_;
  std::map<std::string, std::size_t> seen_;
  std::vector<std::string> unexpected_;
};

}  // namespace rowtide::test
