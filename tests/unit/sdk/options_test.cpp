#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "rowtide/error.h"
#include "sdk/src/options_check.h"

namespace rowtide::test {
namespace {

Options fit() {
  Options options;
  options.bootstrap_servers = "localhost:9092";
  options.group_id = "cache";
  options.topics = {"orders"};
  return options;
}

void expect_refused(const std::function<void(Options&)>& change, const std::string& part,
                    ErrorCode code = ErrorCode::InvalidOptions) {
  Options options = fit();
  change(options);
  try {
    check_options(options);
    ADD_FAILURE() << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    EXPECT_THAT(error.what(), testing::HasSubstr(part));
  }
}

TEST(SdkOptions, EachFaultIsNamed) {
  EXPECT_NO_THROW(check_options(fit()));
  expect_refused([](Options& options) { options.bootstrap_servers = ""; }, "bootstrap_servers");
  expect_refused([](Options& options) { options.group_id = ""; }, "group_id");
  expect_refused([](Options& options) { options.topics = {}; }, "topics");
  expect_refused([](Options& options) { options.topics = {"^shop.*"}; }, "'^shop.*'");
  expect_refused([](Options& options) { options.max_buffered_records = 0; }, "max_buffered_records");
  expect_refused([](Options& options) { options.start = Start::at_offset(-1); }, "negative");
  expect_refused([](Options& options) { options.filter.tables = {"orders"}; }, "database.table");
  expect_refused(
      [](Options& options) {
        options.start = Start::at_time(std::chrono::time_point_cast<std::chrono::milliseconds>(
            std::chrono::system_clock::now() + std::chrono::hours(1)));
      },
      "not come", ErrorCode::TimeOutsideDataRange);
}

Options of_transactions() {
  Options options = fit();
  options.topics = {"bank.orders", "bank.transaction", "shop.orders.transaction"};
  options.transactions = true;
  options.transaction_topic = "shop.orders.transaction";
  return options;
}

TEST(SdkOptions, TheTopicOfMarksIsNamedWhereSeveralMayBeIt) {
  Options options = of_transactions();
  EXPECT_NO_THROW(check_options(options));
  EXPECT_EQ(topic_of_marks(options), "shop.orders.transaction");
  options.topics.erase(options.topics.begin() + 1);
  options.transaction_topic.clear();
  EXPECT_NO_THROW(check_options(options));
  EXPECT_EQ(topic_of_marks(options), "shop.orders.transaction");
  expect_refused([](Options& bad) { (bad = of_transactions()).transaction_topic.clear(); }, "several of");
  expect_refused([](Options& bad) { (bad = of_transactions()).transaction_topic = "other"; }, "not among");
  expect_refused([](Options& bad) { (bad = of_transactions()).topics.resize(1); }, "not among");
  expect_refused([](Options& bad) { (bad = of_transactions()).transactions = false; },
                 "is with Options::transactions");
}

}  // namespace
}  // namespace rowtide::test
