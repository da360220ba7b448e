#include "tests/crash/writer.h"

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <stdexcept>

#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

constexpr int kTables = 5;
constexpr int kKeys = 60;
constexpr int kManyRows = 1500;
constexpr int kRowsAStatement = 500;
constexpr std::chrono::milliseconds kPause{25};  // bounds the load
constexpr std::chrono::seconds kServerBack{120};

}  // namespace

Writer::Writer(Place place, int number, std::uint64_t seed, Ledger& ledger, WriterCounts& counts)
    : place_(std::move(place)),
      number_(number),
      ledger_(ledger),
      counts_(counts),
      random_(seed),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Writer::prepare(SqlClient& client, const Place& place) {
  client.exec("CREATE DATABASE " + place.database);
  client.exec("CREATE DATABASE " + place.notes);
  client.exec("CREATE TABLE " + place.notes + ".notes (writer INT PRIMARY KEY, transaction BIGINT NOT NULL)");
}

void Writer::stop() {
  thread_.request_stop();
  thread_.join();
  if (has_failed_) throw std::runtime_error(fmt::format("writer {}: {}", number_, failure_));
}

std::string Writer::table(int index) const {
  return fmt::format("w{}_t{}", number_, index);
}

void Writer::run(const std::stop_token& stop) {
  try {
    make_tables();
    while (!stop.stop_requested()) {
      transaction();
      std::this_thread::sleep_for(kPause);
    }
  } catch (const std::exception& error) {
    failure_ = error.what();
    has_failed_ = true;
  }
}

void Writer::make_tables() {
  reconnect();
  client_->exec(fmt::format("INSERT INTO {}.notes VALUES ({}, 0)", place_.notes, number_));
  for (int i = 0; i < kTables; ++i) {
    client_->exec(fmt::format(
        "CREATE TABLE {} (id INT PRIMARY KEY, v BIGINT UNSIGNED NOT NULL, pad VARCHAR(200))", table(i)));
  }
}

void Writer::transaction() {
  if (below(150) == 0) {
    alter();
    return;
  }
  pending_.clear();
  changes_.clear();
  ++transaction_;
  const bool is_complete = guarded([this] {
    client_->exec("START TRANSACTION");
    if (below(150) == 0) {
      change_many_rows();
    } else {
      change_rows();
    }
    client_->exec(fmt::format("UPDATE {}.notes SET transaction = {} WHERE writer = {}", place_.notes,
                              transaction_, number_));
  });
  if (!is_complete) return;  // its connection is gone, and the transaction with it
  if (below(25) == 0) {
    if (guarded([this] { client_->exec("ROLLBACK"); })) ++counts_.rolled_back;
    return;
  }
  commit();
}

void Writer::commit() {
  const bool is_answered = guarded([this] { client_->exec("COMMIT"); });
  std::uint64_t noted = transaction_;
  while (!is_answered && !guarded([&] { noted = this->noted(); })) continue;
  if (noted != transaction_) return;
  for (const auto& [row, version] : pending_) {
    if (version == 0) {
      state_.erase(row);
    } else {
      state_[row] = version;
    }
  }
  ledger_.committed(changes_);
  ++counts_.transactions;
}

void Writer::change_rows() {
  for (int i = 1 + below(8); i > 0; --i) change_one_row(table(below(kTables - 1)), 1 + below(kKeys));
}

void Writer::change_one_row(const std::string& name, int id) {
  const RowId row{name, id};
  const auto pending = pending_.find(row);
  const auto known = state_.find(row);
  const std::uint64_t before = pending != pending_.end() ? pending->second
                               : known != state_.end()   ? known->second
                                                         : 0;
  const std::uint64_t after = before != 0 && below(4) == 0 ? 0 : ++version_;
  if (after == 0) {
    client_->exec(fmt::format("DELETE FROM {} WHERE id = {}", name, id));
  } else if (before == 0) {
    client_->exec(fmt::format("INSERT INTO {} (id, v, pad) VALUES ({}, {}, REPEAT('p', {}))", name, id, after,
                              below(200)));
  } else {
    client_->exec(fmt::format("UPDATE {} SET v = {} WHERE id = {}", name, after, id));
  }
  pending_[row] = after;
  changes_.emplace_back(row, RowChange{before, after});
}

/// So that faults fall into transactions as well, not between them only.
void Writer::change_many_rows() {
  const std::string name = table(kTables - 1);
  if (state_.contains({name, 1})) {
    client_->exec("DELETE FROM " + name);
    for (int id = 1; id <= kManyRows; ++id) {
      changes_.emplace_back(RowId{name, id}, RowChange{state_.at({name, id}), 0});
      pending_[{name, id}] = 0;
    }
    return;
  }
  for (int id = 1; id <= kManyRows;) {
    std::string values;
    for (int i = 0; i < kRowsAStatement; ++i, ++id) {
      values += fmt::format("{}({}, {}, 'many')", i == 0 ? "" : ",", id, ++version_);
      changes_.emplace_back(RowId{name, id}, RowChange{0, version_});
      pending_[{name, id}] = version_;
    }
    client_->exec(fmt::format("INSERT INTO {} (id, v, pad) VALUES {}", name, values));
  }
}

/// A column comes or goes; in front, so that a reader with the wrong schema reads wrong values.
void Writer::alter() {
  const std::string name = table(below(kTables));
  const bool is_done = guarded([&] {
    const bool is_there = client_->value(fmt::format(
                              "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '{}' "
                              "AND TABLE_NAME = '{}' AND COLUMN_NAME = 'extra'",
                              place_.database, name)) != "0";
    client_->exec(is_there ? fmt::format("ALTER TABLE {} DROP COLUMN extra", name)
                           : fmt::format("ALTER TABLE {} ADD COLUMN extra INT DEFAULT 7 FIRST", name));
  });
  if (is_done) ++counts_.ddl;
}

bool Writer::guarded(const std::function<void()>& work) {
  try {
    work();
    return true;
  } catch (const std::exception& error) {
    const std::string text = error.what();
    // 2006, 2013, 2002: the server is gone; 1053: it is on its way.
    const bool is_gone =
        text.find("gone away") != std::string::npos || text.find("Lost connection") != std::string::npos ||
        text.find("shutdown") != std::string::npos || text.find("onnection was killed") != std::string::npos;
    if (!is_gone) throw;
  }
  reconnect();
  return false;
}

void Writer::reconnect() {
  client_.reset();
  std::string last;
  wait_until(
      "the server is back",
      [&] {
        try {
          SqlEndpoint endpoint = place_.server;
          endpoint.database = place_.database;
          client_.emplace(endpoint);
          return true;
        } catch (const std::exception& error) {
          last = error.what();
          return false;
        }
      },
      kServerBack, [&] { return last; });
}

std::uint64_t Writer::noted() {
  return std::stoull(client_->value(
      fmt::format("SELECT transaction FROM {}.notes WHERE writer = {}", place_.notes, number_)));
}

}  // namespace rowtide::test
