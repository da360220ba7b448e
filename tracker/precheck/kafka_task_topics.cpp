#include "tracker/precheck/kafka_task_topics.h"

#include <string>

#include "tracker/checkpoint/kafka_checkpoint_store.h"
#include "tracker/precheck/check_list.h"
#include "tracker/sink/topic_name.h"

namespace rowtide::precheck {

bool deletes_old_records(const task::Task& task) {
  return has_kafka_sink(task) && task.spec.sink.kafka->format == "dts-avro";
}

std::set<std::string> topics_of_whole_task(const task::Task& task) {
  const task::KafkaSink& kafka = *task.spec.sink.kafka;
  std::set<std::string> names;
  if (!sink::has_topic_per_table(task)) names.insert(sink::topic_for(task, "", ""));
  if (task.spec.data_types.schema_updates) names.insert(sink::schema_topic_for(task));
  if (kafka.format == "debezium-json" && kafka.debezium.transaction_metadata) {
    names.insert(task.qualified_name() + ".transaction");
  }
  return names;
}

std::vector<sink::TopicSpec> kafka_task_topics(CheckContext& context) {
  const task::Task& task = context.task();
  const task::KafkaSink& kafka = *task.spec.sink.kafka;
  std::set<std::string> names = topics_of_whole_task(task);
  if (sink::has_topic_per_table(task) && context.connected().ok()) {
    const auto tables = context.tables();
    if (tables.ok()) {
      for (const SelectedTable& table : **tables) {
        if (!table.is_view) names.insert(sink::topic_for(task, table.database, table.name));
      }
    }
  }
  const auto unit =
      deletes_old_records(task) ? record::TimestampUnit::Seconds : record::TimestampUnit::Milliseconds;
  std::vector<sink::TopicSpec> topics{checkpoint::checkpoint_topic_spec(kafka)};
  for (const std::string& name : names) topics.push_back(sink::topic_spec(kafka, name, unit));
  return topics;
}

}  // namespace rowtide::precheck
