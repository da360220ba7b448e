// Transactions that are put together again from records which a test writes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/integration/sdk_fixture.h"
#include "tests/support/kafka_transaction.h"

namespace rowtide::test {
namespace {

using testing::ElementsAre;

/// Transactions as a task writes them with transactionMetadata, in a topic of two partitions; their changes
/// are inserts of the ids 1, 2, ...
class SdkWrittenTransactions : public testing::Test {
 protected:
  void change(const std::string& transaction, int order, int partition) {
    broker.produce(topic, std::nullopt, next_change(transaction, order), partition);
  }
  void end(const std::string& transaction, int count) {
    broker.produce(marks, std::nullopt, end_of(transaction, count));
  }
  std::string next_change(const std::string& transaction, int order) {
    std::string record = insert_of(++last_id);
    record.pop_back();
    return record + R"(,"transaction":{"id":")" + transaction + R"(","total_order":)" +
           std::to_string(order) + R"(,"data_collection_order":1}})";
  }
  static std::string end_of(const std::string& transaction, int count) {
    return R"({"status":"END","id":")" + transaction + R"(","event_count":)" + std::to_string(count) +
           R"(,"data_collections":[],"ts_ms":1})";
  }
  [[nodiscard]] Options options() const {
    Options options = options_for(topic, topic);
    options.topics.push_back(marks);
    options.transactions = true;
    return options;
  }
  /// "a:1,2" of changes' ids, with "?" behind it where some are missing.
  static std::string text_of(const Transaction& transaction) {
    std::string text = transaction.id + ":";
    for (const std::int64_t id : ids(transaction.changes)) text += std::to_string(id) + ",";
    text.pop_back();
    return text + (transaction.is_complete ? "" : "?");
  }
  /// The next ones, each acknowledged.
  static std::vector<std::string> take_transactions(Consumer& consumer, std::size_t count) {
    std::vector<std::string> texts;
    wait_until(std::to_string(count) + " transactions", [&] {
      if (const auto transaction = consumer.poll_transaction(100ms)) {
        texts.push_back(text_of(*transaction));
        consumer.acknowledge(*transaction);
      }
      return texts.size() >= count;
    });
    return texts;
  }
  KafkaBroker& broker = KafkaBroker::shared();
  std::string topic = broker.fresh_topic(2);
  std::string marks = topic + ".transaction";
  int last_id = 0;
  void SetUp() override { broker.create_topic(marks); }
};

TEST_F(SdkWrittenTransactions, AnEndThatWasToldOfBeforeDoesNotMakeOneIncomplete) {
  Options small = options();
  small.max_buffered_records = 3;
  Consumer consumer(small);
  change("a", 1, 0);
  change("a", 2, 1);
  const auto is_told_of_the_ends = [&] { return !consumer.poll_transaction(2s).has_value(); };
  EXPECT_TRUE(is_told_of_the_ends());
  end("a", 2);
  std::optional<Transaction> held;
  wait_until("the first", [&] { return (held = consumer.poll_transaction(100ms)).has_value(); });
  EXPECT_TRUE(is_told_of_the_ends());
  change("b", 1, 0);  // waits in its partition, of which the end was told
  end("b", 1);
  EXPECT_FALSE(consumer.poll_transaction(12s).has_value()) << "the application holds what fills the buffer";
  consumer.acknowledge(*held);
  EXPECT_THAT(take_transactions(consumer, 1), ElementsAre("b:3"));
}

TEST_F(SdkWrittenTransactions, ChangesWhoseEndStandsBeforeTheStartAreGivenAndTheCheckpointGoesOn) {
  change("a", 1, 0);
  change("a", 2, 0);
  end("a", 2);
  change("z", 1, 1);
  change("b", 1, 0);
  end("b", 1);
  Options options = this->options();
  options.start = Start::at_offset(1);
  {
    Consumer consumer(options);
    EXPECT_THAT(take_transactions(consumer, 2), ElementsAre("a:2?", "b:4"));
    consumer.close();
  }
  change("c", 1, 0);
  end("c", 1);
  Consumer consumer(options);
  EXPECT_THAT(take_transactions(consumer, 1), ElementsAre("c:5"));
}

TEST_F(SdkWrittenTransactions, ChangesBeforeTheStartMakeOneIncomplete) {
  KafkaTransaction whole(broker, topic);
  whole.produce(topic, next_change("a", 1), 0);
  whole.produce(topic, next_change("a", 2), 0);
  whole.produce(marks, end_of("y", 0));
  whole.produce(marks, end_of("a", 2));
  whole.produce(topic, next_change("z", 1), 1);
  whole.commit();
  Options options = this->options();
  options.start = Start::at_offset(1);
  Consumer consumer(options);
  EXPECT_THAT(take_transactions(consumer, 1), ElementsAre("a:2?"));
}

TEST_F(SdkWrittenTransactions, APartitionThatIsFarAheadWaitsForTheOthers) {
  std::vector<std::string> expected;
  for (int i = 1; i <= 300; ++i) {
    const std::string name = std::to_string(i);
    change(name, 1, i <= 150 ? 0 : 1);
    end(name, 1);
    expected.push_back(name + ":" + name);
  }
  Options small = options();
  small.max_buffered_records = 20;
  Consumer consumer(small);
  std::vector<std::string> given;
  std::uint64_t most = 0;
  wait_until("all", [&] {
    if (const auto transaction = consumer.poll_transaction(100ms)) {
      given.push_back(text_of(*transaction));
      most = std::max(most, consumer.statistics().unacknowledged);
      consumer.acknowledge(*transaction);
    }
    return given.size() >= expected.size();
  });
  EXPECT_EQ(given, expected);
  EXPECT_LE(most, 40U) << "twice the bound";
  EXPECT_GE(consumer.statistics().pauses, 1U);
}

TEST_F(SdkWrittenTransactions, AChangeWhoseKafkaTransactionIsStillOpenIsWaitedFor) {
  KafkaTransaction late(broker, topic + "-late");
  late.produce(topic, next_change("a", 1), 0);
  KafkaTransaction early(broker, topic + "-early");
  early.produce(topic, next_change("a", 2), 1);
  early.produce(marks, end_of("a", 2));
  early.commit();
  Consumer consumer(options());
  EXPECT_FALSE(consumer.poll_transaction(13s).has_value()) << "a partition's marker may be long in coming";
  late.commit();
  EXPECT_THAT(take_transactions(consumer, 1), ElementsAre("a:1,2"));
}

TEST_F(SdkWrittenTransactions, AChangeThatIsWrittenLongAfterTheEndIsWaitedFor) {
  change("a", 1, 0);
  end("a", 2);
  Consumer consumer(options());
  EXPECT_FALSE(consumer.poll_transaction(13s).has_value()) << "a partition's leader may be away for long";
  change("a", 2, 1);
  EXPECT_THAT(take_transactions(consumer, 1), ElementsAre("a:1,2"));
}

TEST_F(SdkWrittenTransactions, ATableCalledTransactionHasItsChangesInThem) {
  const std::string table = topic + ".of.transaction";
  broker.create_topic(table);
  KafkaTransaction whole(broker, topic);
  whole.produce(topic, next_change("a", 1), 0);
  whole.produce(topic, next_change("b", 1), 0);
  whole.produce(marks, end_of("a", 2));
  whole.produce(marks, end_of("b", 1));
  whole.commit();
  Options options = this->options();
  options.topics.push_back(table);
  options.transaction_topic = marks;
  Consumer consumer(options);
  EXPECT_FALSE(consumer.poll_transaction(3s).has_value()) << "the other change of a is still to come";
  broker.produce(table, std::nullopt, next_change("a", 2));
  EXPECT_THAT(take_transactions(consumer, 2), ElementsAre("a:1,3", "b:2"));
  consumer.close();

  options.group_id += "-wrong";
  options.transaction_topic = table;
  Consumer wrong(options);
  std::string told;
  wait_until("it is told", [&] {
    try {
      static_cast<void>(wrong.poll_transaction(100ms));
    } catch (const Error& error) {
      told = error.what();
    }
    return !told.empty();
  });
  EXPECT_THAT(told, testing::HasSubstr("Options::transaction_topic"));
}

TEST_F(SdkWrittenTransactions, ATruncateIsATransactionOfItsOwn) {
  change("a", 1, 0);
  end("a", 1);
  broker.produce(
      topic, std::nullopt,
      R"({"before":null,"after":null,"source":{"db":"shop","table":"orders"},"op":"t","ts_ms":1,"transaction":null})");
  change("b", 1, 0);
  end("b", 1);
  Consumer consumer(options());
  EXPECT_THAT(take_transactions(consumer, 1), ElementsAre("a:1"));
  std::optional<Transaction> truncate;
  wait_until("it", [&] { return (truncate = consumer.poll_transaction(100ms)).has_value(); });
  EXPECT_TRUE(truncate->is_complete);
  EXPECT_EQ(truncate->changes.at(0).operation, Operation::Truncate);
  consumer.acknowledge(*truncate);
  EXPECT_THAT(take_transactions(consumer, 1), ElementsAre("b:2"));
}

}  // namespace
}  // namespace rowtide::test
