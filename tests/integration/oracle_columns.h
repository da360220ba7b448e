#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <random>
#include <string>
#include <vector>

#include "tests/support/mysql_server.h"

namespace rowtide::test {

class OracleRandom {
 public:
  explicit OracleRandom(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t bits() { return engine_(); }
  std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  template <typename Container>
  const auto& of(const Container& all) {
    return all[below(all.size())];
  }

 private:
  std::mt19937_64 engine_;
};

/// What a column can hold, as SQL makes it and as SQL shows it.
struct OracleColumn {
  std::string family;  ///< values are counted by it
  std::string type;    ///< SQL, after the name
  std::string select;  ///< SQL for what is compared, of column X
  /// An SQL expression for a value. None: the server fills the column.
  std::function<std::string(OracleRandom&)> literal;
  std::vector<std::string> extremes;  ///< each is stored at least once
  /// Is the record's value the one that `select` shows? Never asked of NULL.
  std::function<bool(const std::string& shown, const nlohmann::json& got)> same;
  bool is_nullable = true;
};

struct OracleTable {
  std::string name;
  std::vector<OracleColumn> columns;
  std::string options;             ///< after the column list
  bool has_old_temporals = false;  ///< made with mysql56_temporal_format=OFF
};

/// Every type that the server has, in tables of families.
[[nodiscard]] std::vector<OracleTable> oracle_tables(MysqlServer& server);

}  // namespace rowtide::test
