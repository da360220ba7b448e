#include "tracker/serve/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <utility>
#include <vector>

#include "common/time/process_start.h"
#include "common/version.h"

namespace rowtide::serve {
namespace {

const std::string kTrackerPrefix = "rowtide_tracker_";

using Labels = std::vector<std::pair<std::string, std::string>>;

/// Families in the order in which they are added. Every series carries the task's namespace and name.
class Families {
 public:
  explicit Families(const task::Task& task)
      : task_{{"namespace", task.task_namespace}, {"task", task.name}} {}

  void counter(const std::string& name, const std::string& help,
               const std::vector<std::pair<Labels, double>>& series) {
    add(prometheus::MetricType::Counter, kTrackerPrefix + name, help, series);
  }
  void gauge(const std::string& name, const std::string& help,
             const std::vector<std::pair<Labels, double>>& series) {
    add(prometheus::MetricType::Gauge, kTrackerPrefix + name, help, series);
  }
  /// By the names that every program's have.
  void process_gauge(const std::string& name, const std::string& help, double value) {
    add(prometheus::MetricType::Gauge, "process_" + name, help, {{{}, value}});
  }
  /// By the ConsumerGroups' names, as the label `group`.
  void group_gauge(const std::string& name, const std::string& help,
                   const std::vector<std::pair<std::string, double>>& values) {
    add(prometheus::MetricType::Gauge, "rowtide_consumer_group_" + name, help, labelled("group", values));
  }
  /// By the readers' names, as the label `reader`; those without a name are one.
  void reader_gauge(const std::string& name, const std::string& help,
                    const std::map<std::string, double>& values) {
    add(prometheus::MetricType::Gauge, "rowtide_reader_" + name, help, labelled("reader", values));
  }
  void reader_counter(const std::string& name, const std::string& help,
                      const std::map<std::string, double>& values) {
    add(prometheus::MetricType::Counter, "rowtide_reader_" + name, help, labelled("reader", values));
  }
  template <const auto& kBounds>
  void histogram(const std::string& name, const std::string& help, const Histogram<kBounds>& from) {
    prometheus::ClientMetric metric;
    for (const auto& [label, text] : task_) metric.label.push_back({label, text});
    from.for_each_bucket([&](std::uint64_t cumulative, double bound) {
      metric.histogram.bucket.push_back({cumulative, bound});
    });
    metric.histogram.sample_count = from.count;
    metric.histogram.sample_sum = from.sum;
    family(prometheus::MetricType::Histogram, kTrackerPrefix + name, help)
        .metric.push_back(std::move(metric));
  }
  [[nodiscard]] std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  /// `values`: pairs of a label's text and a number.
  template <typename Values>
  static std::vector<std::pair<Labels, double>> labelled(const std::string& label, const Values& values) {
    std::vector<std::pair<Labels, double>> series;
    for (const auto& [text, value] : values) series.push_back({{{label, text}}, value});
    return series;
  }
  void add(prometheus::MetricType type, const std::string& name, const std::string& help,
           const std::vector<std::pair<Labels, double>>& series) {
    prometheus::MetricFamily& added = family(type, name, help);
    for (const auto& [labels, value] : series) {
      prometheus::ClientMetric metric;
      for (const Labels* part : std::initializer_list<const Labels*>{&task_, &labels}) {
        for (const auto& [label, text] : *part) metric.label.push_back({label, text});
      }
      metric.counter.value = value;
      metric.gauge.value = value;
      added.metric.push_back(std::move(metric));
    }
  }
  prometheus::MetricFamily& family(prometheus::MetricType type, const std::string& name,
                                   const std::string& help) {
    prometheus::MetricFamily& added = families_.emplace_back();
    added.name = name;
    added.help = help;
    added.type = type;
    return added;
  }

  Labels task_;
  std::vector<prometheus::MetricFamily> families_;
};

double number(const pipeline::Counters::Count& count) {
  return static_cast<double>(count.load(std::memory_order_relaxed));
}

void add_info(Families& families) {
  families.gauge("info", "Always 1; the version that runs.", {{{{"version", std::string(kVersion)}}, 1}});
  families.process_gauge("start_time_seconds", "When the tracker's process began, unix time.",
                         process_start_seconds());
}

void add_groups(const MetricsInput& input, Families& families) {
  std::vector<std::pair<std::string, double>> unconsumed;
  std::vector<std::pair<std::string, double>> delay;
  std::vector<std::pair<std::string, double>> members;
  for (const task::GroupStatus& group : input.groups) {
    if (group.unconsumed_records)
      unconsumed.emplace_back(group.name, static_cast<double>(*group.unconsumed_records));
    if (group.delay_seconds) delay.emplace_back(group.name, *group.delay_seconds);
    members.emplace_back(group.name, static_cast<double>(group.members));
  }
  families.group_gauge("unconsumed_records", "Records that the ConsumerGroup has not consumed.", unconsumed);
  families.group_gauge(
      "delay_seconds",
      "Age of the first record that the ConsumerGroup has not consumed, by the record's time.", delay);
  families.group_gauge("members", "Consumers that are members of the ConsumerGroup.", members);
}

}  // namespace

std::string render_metrics(const MetricsInput& input) {
  constexpr double kMillisPerSecond = 1000.0;
  const pipeline::Counters& counters = input.counters;
  Families families(input.task);

  add_info(families);
  families.counter("events_total", "Changes of selected objects that were read and encoded, by operation.",
                   {{{{"op", "insert"}}, number(counters.rows[0])},
                    {{{"op", "update"}}, number(counters.rows[1])},
                    {{{"op", "delete"}}, number(counters.rows[2])},
                    {{{"op", "schema"}}, number(counters.schema_changes)}});
  families.counter("transactions_total",
                   "Transactions read to their end, also those without selected changes.",
                   {{{}, number(counters.transactions)}});
  families.counter("skipped_events_total", "Events that are not delivered, by why.",
                   {{{{"reason", "unselected_rows"}}, number(counters.unselected_rows_events)},
                    {{{"reason", "unselected_schema_change"}}, number(counters.unselected_schema_changes)},
                    {{{"reason", "unprocessable"}}, number(counters.unprocessable_events)},
                    {{{"reason", "oversized"}}, number(counters.oversized_skipped)},
                    {{{"reason", "xa_prepared_before_start"}}, number(counters.unseen_xa_commits)}});
  families.counter("keys_only_events_total",
                   "Changes delivered with their keys only, because their records were too large.",
                   {{{}, number(counters.oversized_keys_only)}});
  families.counter("binlog_read_bytes_total", "Bytes of binlog read from the source.",
                   {{{}, number(counters.read_bytes)}});
  families.counter("sink_records_total", "Records that the sink has acknowledged.",
                   {{{}, static_cast<double>(input.sink.records)}});
  families.counter("sink_bytes_total", "Bytes of keys and values that the sink has acknowledged.",
                   {{{}, static_cast<double>(input.sink.bytes)}});
  families.counter(
      "sink_errors_total",
      "Failures of the sink, by class: records that it has refused, connections, checkpoints that were not saved.",
      {{{{"class", "record"}}, static_cast<double>(input.sink.rejected_records)},
       {{{"class", "connection"}}, static_cast<double>(input.sink.connection_errors)},
       {{{"class", "checkpoint"}}, static_cast<double>(input.checkpoint_failures)}});
  families.histogram(
      "end_to_end_latency_seconds",
      "From the commit at the source until consumers can read all records of the transaction. Commit "
      "times of MariaDB and MySQL 5.7 are whole seconds.",
      input.sink.latency);
  families.gauge("queue_bytes", "Bytes handed to the sink and not acknowledged yet.",
                 {{{}, static_cast<double>(input.sink.queued_bytes)}});
  if (input.lag_seconds) {
    families.gauge(
        "lag_seconds",
        "Age of the oldest committed change that is not delivered; 0 when all are; absent where that is not "
        "known, as when the source cannot be asked.",
        {{{}, *input.lag_seconds}});
  }
  families.gauge("last_event_timestamp_seconds",
                 "When the newest event that was read was written, unix time.",
                 {{{}, static_cast<double>(counters.last_event_timestamp.load(std::memory_order_relaxed))}});
  families.gauge("checkpoint_timestamp_seconds", "When a checkpoint was last saved, unix time; 0 = not yet.",
                 {{{}, static_cast<double>(input.checkpoint_at_ms) / kMillisPerSecond}});
  families.gauge("source_connected",
                 "0 while there is no stream from the source; 1 as well while only the sink is waited for.",
                 {{{}, input.is_source_connected ? 1.0 : 0.0}});
  if (input.behind_bytes) {
    families.gauge("binlog_behind_bytes",
                   "Bytes of the source's binlog between what is delivered and its end.",
                   {{{}, static_cast<double>(*input.behind_bytes)}});
  }
  if (input.purge_headroom_seconds) {
    families.gauge("binlog_purge_headroom_seconds",
                   "How long the binlog file that is read will still be kept, by the source's own settings.",
                   {{{}, *input.purge_headroom_seconds}});
  }
  std::vector<std::pair<Labels, double>> reconnects;
  for (const auto& [reason, count] : input.reconnects) {
    reconnects.push_back({{{"reason", reason}}, static_cast<double>(count)});
  }
  families.counter("reconnects_total", "Times the stream was lost and opened again, by why.", reconnects);
  add_groups(input, families);
  return families.text();
}

std::string render_reader_metrics(const task::Task& task, const std::vector<task::ReaderStatus>& readers) {
  std::map<std::string, double> connections;
  std::map<std::string, double> lag;
  std::map<std::string, double> changes;
  std::map<std::string, double> bytes;
  std::map<std::string, double> unacknowledged;
  for (const task::ReaderStatus& reader : readers) {
    connections[reader.name] += reader.is_connected ? 1 : 0;
    if (reader.lag_seconds) lag[reader.name] = std::max(lag[reader.name], *reader.lag_seconds);
    if (reader.state.empty()) continue;
    changes[reader.name] += static_cast<double>(reader.changes_total);
    bytes[reader.name] += static_cast<double>(reader.bytes_total);
    if (!reader.name.empty())
      unacknowledged[reader.name] = static_cast<double>(reader.commits_given - reader.commits_acknowledged);
  }
  Families families(task);
  add_info(families);
  families.reader_gauge("connections",
                        "Connections of the reader; 0 for one whose place is kept and who is away.",
                        connections);
  families.reader_gauge(
      "lag_seconds",
      "Age of the oldest committed change that the reader has not acknowledged, or was not given; 0 "
      "when it has all.",
      lag);
  families.reader_counter("changes_total", "Changes given in the newest connection.", changes);
  families.reader_counter("bytes_total", "Bytes of those.", bytes);
  families.reader_gauge("unacknowledged_commits", "Commit lines given to the reader and not acknowledged.",
                        unacknowledged);
  return families.text();
}

}  // namespace rowtide::serve
