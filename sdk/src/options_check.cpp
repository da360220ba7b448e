#include "sdk/src/options_check.h"

#include <algorithm>
#include <chrono>

#include "rowtide/error.h"

namespace rowtide {
inline namespace v1 {
namespace {

void require_option(bool holds, const char* problem) {
  if (!holds) throw Error(ErrorCode::InvalidOptions, problem);
}

bool is_topic_name(const std::string& name) {
  constexpr std::size_t kLongest = 249;
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  if (name.empty() || name.size() > kLongest) return false;
  for (const char c : name) {
    if (!is_allowed(c)) return false;
  }
  return true;
}

bool may_have_marks(const std::string& topic) {
  return topic.ends_with(".transaction");
}

void check_transactions(const Options& options) {
  const std::string& named = options.transaction_topic;
  const auto count = named.empty()
                         ? std::count_if(options.topics.begin(), options.topics.end(), may_have_marks)
                         : std::count(options.topics.begin(), options.topics.end(), named);
  require_option(count > 0 || !named.empty(),
                 "Options::transactions needs the topic of the task's transactions among Options::topics: "
                 "<namespace>.<task>.transaction, which is there with debezium.transactionMetadata");
  require_option(count > 0, "Options::transaction_topic is not among Options::topics: add it there");
  require_option(
      count == 1 || !named.empty(),
      "Options::transactions: the names of several of Options::topics end with .transaction; say by "
      "Options::transaction_topic which is <namespace>.<task>.transaction of the task");
  const Filter& filter = options.filter;
  require_option(
      filter.databases.empty() && filter.tables.empty() && filter.operations.empty(),
      "Options::transactions with a filter: a transaction would miss what does not pass; filter what "
      "poll_transaction() gives");
  require_option(options.format == Format::Auto || options.format == Format::DebeziumJson,
                 "Options::transactions: only debezium-json says where transactions end");
}

}  // namespace

std::string topic_of_marks(const Options& options) {
  if (!options.transactions || !options.transaction_topic.empty()) return options.transaction_topic;
  const auto found = std::find_if(options.topics.begin(), options.topics.end(), may_have_marks);
  return found == options.topics.end() ? "" : *found;
}

void check_options(const Options& options) {
  require_option(!options.bootstrap_servers.empty(), "Options::bootstrap_servers is empty");
  require_option(!options.group_id.empty(), "Options::group_id is empty: name the consumer group");
  require_option(!options.topics.empty(), "Options::topics is empty");
  for (const std::string& topic : options.topics) {
    if (!is_topic_name(topic)) {
      throw Error(ErrorCode::InvalidOptions,
                  "Options::topics: '" + topic + "' is no name of a topic; patterns are not supported");
    }
  }
  require_option(options.max_buffered_records > 0, "Options::max_buffered_records is 0");
  require_option(options.max_buffered_bytes > 0, "Options::max_buffered_bytes is 0");
  require_option(options.connect_timeout.count() > 0, "Options::connect_timeout is not positive");
  require_option(options.checkpoint_interval.count() > 0, "Options::checkpoint_interval is not positive");
  require_option(options.start.from != Start::From::Offset || options.start.offset >= 0,
                 "Options::start: the offset is negative");
  if (options.start.from == Start::From::Time && options.start.time > std::chrono::system_clock::now())
    throw Error(ErrorCode::TimeOutsideDataRange, "Options::start: the time has not come yet");
  require_option(options.transactions || options.transaction_topic.empty(),
                 "Options::transaction_topic is with Options::transactions");
  if (options.transactions) check_transactions(options);
  for (const std::string& table : options.filter.tables) {
    if (table.find('.') == std::string::npos) {
      throw Error(ErrorCode::InvalidOptions,
                  "Options::filter: '" + table + "' is not of the form database.table");
    }
  }
}

}  // namespace v1
}  // namespace rowtide
