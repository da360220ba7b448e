#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <thread>

#include "tests/crash/ledger.h"
#include "tests/support/sql_client.h"

namespace rowtide::test {

struct WriterCounts {
  std::atomic<std::uint64_t> transactions{0};
  std::atomic<std::uint64_t> rolled_back{0};
  std::atomic<std::uint64_t> ddl{0};
};

/// One application: transactions over tables of its own, keys changed again and again, now and then many rows
/// at once, a rollback or an ALTER. Enters what was committed into the ledger; when the server dies in a
/// COMMIT it asks a note that was written in the same transaction. Runs from construction until stop().
class Writer {
 public:
  struct Place {
    SqlEndpoint server;
    std::string database;
    std::string notes;  ///< a database that is not tracked
  };
  Writer(Place place, int number, std::uint64_t seed, Ledger& ledger, WriterCounts& counts);

  /// Makes what all writers use; once.
  static void prepare(SqlClient& client, const Place& place);

  /// Returns when the last transaction is over. Throws what made the writer give up.
  void stop();
  [[nodiscard]] bool has_failed() const { return has_failed_; }

 private:
  void run(const std::stop_token& stop);
  void make_tables();
  void transaction();
  void change_rows();
  void change_one_row(const std::string& table, int id);
  void change_many_rows();
  void alter();
  void commit();
  /// Runs `work` with a connection that may be lost in it; true: it was not.
  bool guarded(const std::function<void()>& work);
  void reconnect();
  [[nodiscard]] std::uint64_t noted();
  [[nodiscard]] int below(int limit) { return std::uniform_int_distribution(0, limit - 1)(random_); }
  [[nodiscard]] std::string table(int index) const;

  const Place place_;
  const int number_;
  Ledger& ledger_;
  WriterCounts& counts_;
  std::mt19937_64 random_;
  std::optional<SqlClient> client_;
  std::uint64_t version_ = 0;
  std::uint64_t transaction_ = 0;
  std::map<RowId, std::uint64_t> state_;    ///< of the rows that are there
  std::map<RowId, std::uint64_t> pending_;  ///< within the transaction; 0: deleted
  RowChanges changes_;
  std::atomic<bool> has_failed_ = false;
  std::string failure_;
  std::jthread thread_;
};

}  // namespace rowtide::test
