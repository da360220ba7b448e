// Nothing lost, nothing twice, each row's changes in their order, whatever is killed meanwhile.
//   crash_test [--minutes N] [--seed N] [--gtest_filter=*Mysql8*]
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <thread>

#include "tests/crash/faults.h"
#include "tests/crash/ledger.h"
#include "tests/crash/writer.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

double minutes = 1;
std::uint64_t seed = 0;

constexpr int kWriters = 3;
constexpr int kPartitions = 3;
constexpr milliseconds kMaxGap{2500};  // between two faults
constexpr std::chrono::seconds kCatchUp{300};

class Crash : public testing::TestWithParam<SqlFlavor> {};

json task_of(const MysqlServer& server, const KafkaBroker& broker) {
  json task = kafka_task(server, "shop", broker.bootstrap());
  task["spec"]["sink"]["kafka"]["delivery"] = "ExactlyOnce";
  task["spec"]["sink"]["kafka"]["topic"] = {{"partitions", kPartitions}};
  return task;
}

std::string report(const WriterCounts& counts, const Faults& faults, const Ledger& ledger,
                   const Verdict& verdict) {
  std::string text = fmt::format(
      "\nseed {}, {} minutes: {} row changes in {} transactions, {} rolled back, {} ALTER TABLE\n", seed,
      minutes, verdict.changes, counts.transactions.load(), counts.rolled_back.load(), counts.ddl.load());
  text += fmt::format("{} faults:\n", faults.total());
  for (const auto& [name, count] : faults.counts()) text += fmt::format("  {:>4}  {}\n", count, name);
  text += fmt::format("delivered {}, lost {}, duplicated {}, foreign {}, rows out of order {}\n",
                      ledger.delivered_count(), verdict.lost, verdict.duplicated, verdict.foreign,
                      verdict.out_of_order);
  return text;
}

TEST_P(Crash, ACommittedReaderSeesTheLedger) {
  MysqlServer server(GetParam());
  KafkaBroker broker;
  server.create_user(kTrackerUser, kTrackerPassword);
  const Writer::Place place{
      .server =
          {.host = {}, .port = 0, .socket = server.socket(), .user = "root", .password = {}, .database = {}},
      .database = "shop",
      .notes = "notes"};
  {
    SqlClient client(place.server);
    Writer::prepare(client, place);
  }
  const json task = task_of(server, broker);
  Faults faults(server, broker, task, seed);
  KafkaReader reader = broker.reader(topic_of(task));
  Ledger ledger;
  WriterCounts counts;
  std::vector<std::unique_ptr<Writer>> writers;
  for (int i = 1; i <= kWriters; ++i) {
    writers.push_back(
        std::make_unique<Writer>(place, i, seed + static_cast<std::uint64_t>(i), ledger, counts));
  }

  std::mt19937_64 random(seed);
  const auto end = steady_clock::now() + std::chrono::duration_cast<milliseconds>(
                                             std::chrono::duration<double, std::ratio<60>>(minutes));
  constexpr int kFewestFaults = 4;
  while (steady_clock::now() < end || faults.total() < kFewestFaults) {
    std::this_thread::sleep_for(
        milliseconds{std::uniform_int_distribution<std::int64_t>(0, kMaxGap.count())(random)});
    faults.inject();
    // Now and then a fault meets a tracker that has not recovered from the one before.
    if (std::uniform_int_distribution(0, 2)(random) > 0) faults.settle();
    reader.read_to_end();
    ledger.delivered(reader.take());
    for (const auto& writer : writers) ASSERT_FALSE(writer->has_failed());
  }
  for (const auto& writer : writers) writer->stop();
  faults.settle();
  const auto catch_up = [&] {
    reader.read_to_end();
    ledger.delivered(reader.take());
    return ledger.delivered_count() >= ledger.committed_count();
  };
  EXPECT_TRUE(eventually(catch_up, kCatchUp)) << faults.tracker().process().err();
  EXPECT_TRUE(faults.stop_tracker());
  catch_up();

  const Verdict verdict = ledger.compare();
  fmt::print("{}", report(counts, faults, ledger, verdict));
  EXPECT_GT(verdict.changes, 100U);
  EXPECT_EQ(verdict.lost, 0U) << verdict.example;
  EXPECT_EQ(verdict.duplicated, 0U) << verdict.example;
  EXPECT_EQ(verdict.foreign, 0U) << verdict.example;
  EXPECT_EQ(verdict.out_of_order, 0U) << verdict.example;
}

INSTANTIATE_TEST_SUITE_P(Server, Crash, testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb),
                         [](const auto& one) { return flavor_name(one.param); });
INSTANTIATE_TEST_SUITE_P(DISABLED_More, Crash, testing::Values(SqlFlavor::Mysql57, SqlFlavor::Mariadb114),
                         [](const auto& one) { return flavor_name(one.param); });

}  // namespace
}  // namespace rowtide::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  CLI::App app{
      "Kills everything at random while rows are written, and compares what came with what was written."};
  rowtide::test::seed = std::random_device{}();
  app.add_option("--minutes", rowtide::test::minutes, "of faults, for each server")
      ->check(CLI::Range(0.1, 10'000.0));
  app.add_option("--seed", rowtide::test::seed, "of the choices; printed at the end");
  CLI11_PARSE(app, argc, argv);
  return RUN_ALL_TESTS();
}
