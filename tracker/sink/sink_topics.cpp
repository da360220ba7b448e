#include "tracker/sink/sink_topics.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <utility>

namespace rowtide::sink {

void SinkTopicDeleter::operator()(rd_kafka_topic_t* topic) const noexcept {
  rd_kafka_topic_destroy(topic);
}

SinkTopic& SinkTopics::add(const std::string& name, TopicInfo facts) {
  if (facts.max_message_bytes > 0) batch_bytes_ = std::min(batch_bytes_, facts.max_message_bytes);
  {
    const std::lock_guard lock(mutex_);
    if (limits_.insert_or_assign(name, facts.max_message_bytes).second) names_.push_back(name);
  }
  return topics_.insert_or_assign(name, SinkTopic{name, std::move(facts), nullptr}).first->second;
}

absl::StatusOr<SinkTopic*> SinkTopics::open(rd_kafka_t& producer, std::string_view name) {
  if (last_ != nullptr && last_->name == name) return last_;
  const auto found = topics_.find(name);
  if (found == topics_.end()) return absl::NotFoundError(std::string(name));
  SinkTopic& topic = found->second;
  if (topic.handle == nullptr) {
    topic.handle.reset(rd_kafka_topic_new(&producer, topic.name.c_str(), nullptr));
    if (topic.handle == nullptr) {
      return absl::InternalError(
          fmt::format("topic {}: {}", topic.name, rd_kafka_err2str(rd_kafka_last_error())));
    }
  }
  return last_ = &topic;
}

void SinkTopics::close() {
  last_ = nullptr;
  for (auto& [name, topic] : topics_) topic.handle.reset();
}

std::int64_t SinkTopics::limit(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = limits_.find(name);
  return found == limits_.end() ? 0 : found->second;
}

std::vector<std::string> SinkTopics::names(std::size_t known) const {
  const std::lock_guard lock(mutex_);
  return {names_.begin() + static_cast<std::ptrdiff_t>(std::min(known, names_.size())), names_.end()};
}

}  // namespace rowtide::sink
