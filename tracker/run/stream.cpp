#include "tracker/run/stream.h"

#include <fmt/format.h>

#include <utility>

#include "common/status/text.h"
#include "common/status/try.h"
#include "tracker/schema/catalog_reader.h"
#include "tracker/schema/historic_catalog.h"

namespace rowtide::run {

using binlog::BinlogCoordinates;

absl::Status Stream::open() {
  RETURN_IF_ERROR(parts_.source.open(start_.from));
  ASSIGN_OR_RETURN(std::unique_ptr<sql::Session> session, parts_.connect_sql());
  session_ = std::move(session);
  RETURN_IF_ERROR(follow_case_of_names());
  RETURN_IF_ERROR(parts_.follow_names(start_.history->dialect().lower_case_names));
  return make_pipeline();
}

/// A server that was started anew, or another one, may compare names otherwise.
absl::Status Stream::follow_case_of_names() {
  ASSIGN_OR_RETURN(const bool lower_case_names, schema::read_lower_case_names(*session_));
  if (lower_case_names == start_.history->dialect().lower_case_names) return absl::OkStatus();
  start_.history->set_lower_case_names(lower_case_names);
  start_.ahead.reset();
  ASSIGN_OR_RETURN(TrackedObjects objects, compile_objects(task_.spec, lower_case_names));
  start_.objects = std::move(objects);
  return absl::OkStatus();
}

absl::Status Stream::make_pipeline() {
  catalog_ = std::make_unique<schema::HistoricCatalog>(
      *session_, *start_.history, [this](const sql::TableName& name) { return is_changed_ahead(name); });
  const task::Sink& sink = task_.spec.sink;
  const source::SourceInfo& source = parts_.source.info();
  ASSIGN_OR_RETURN(std::unique_ptr<encode::Encoder> encoder,
                   encode::make_encoder(parts_.format, {.source_name = task_.qualified_name(),
                                                        .connector = source.is_mariadb ? "mariadb" : "mysql",
                                                        .schema_topic = parts_.schema_topic,
                                                        .source_version = source.version,
                                                        .debezium = sink.debezium(),
                                                        .topic_for = parts_.topic_for}));
  encoder_ = std::move(encoder);
  pipeline_ = std::make_unique<pipeline::Pipeline>(pipeline::Pipeline::Parts{
      .selector = start_.objects.selector,
      .catalog = *catalog_,
      .history = start_.history.get(),
      .helpers = start_.objects.helpers,
      .encoder = *encoder_,
      .sink = parts_.sink,
      .counters = counters_,
      .topic_for = parts_.topic_for,
      .wants_rows = task_.spec.data_types.data_updates,
      .wants_schema_changes = task_.spec.data_types.schema_updates,
      .images =
          task_.spec.row_images == task::RowImages::Full ? binlog::Images::Full : binlog::Images::AsLogged,
      .unprocessable = task_.spec.on_unprocessable,
      .oversized = sink.kafka ? sink.kafka->oversized_record : task::OversizedRecord::Stop,
      .server = source.server});
  pipeline_->start(start_.from);
  return absl::OkStatus();
}

absl::Status Stream::read(const std::function<absl::Status()>& when_idle) {
  while (!stop_.stop_requested()) {
    ASSIGN_OR_RETURN(const Bytes event, parts_.source.next());
    if (event.empty()) {
      RETURN_IF_ERROR(parts_.sink.error());
      RETURN_IF_ERROR(when_idle());
    } else {
      RETURN_IF_ERROR(pipeline_->on_event(event, stop_));
      if (pipeline_->reopen_at() == nullptr) continue;
      RETURN_IF_ERROR(reopen_source());
      RETURN_IF_ERROR(when_idle());  // an interruption that came meanwhile is forgotten with the old stream
    }
  }
  return absl::OkStatus();
}

/// Rows that were not held stand further back, or have come and the stream goes on.
absl::Status Stream::reopen_source() {
  parts_.source.close();
  if (absl::Status status = parts_.source.open(*pipeline_->reopen_at()); !status.ok()) {
    return {status.code(),
            fmt::format("reading the rows of a committed transaction again: {}", text(status))};
  }
  pipeline_->reopened();
  return absl::OkStatus();
}

/// Whether what the source says of a table now, which was just read, is not what holds at the stream's place.
absl::StatusOr<bool> Stream::is_changed_ahead(const sql::TableName& name) {
  const BinlogCoordinates here = pipeline_->place();
  ASSIGN_OR_RETURN(const BinlogCoordinates end, parts_.sample_end(*session_));
  std::optional<DdlAhead>& ahead = start_.ahead;
  const std::string& server = parts_.source.info().server;
  if (!ahead || ahead->server() != server || ahead->until() < here) {
    ahead.emplace(parts_.open_beside(), start_.history->dialect());
  }
  if (absl::Status status = ahead->read(pipeline_->position(), end, server, stop_); !status.ok()) {
    ahead.reset();
    return status;
  }
  return ahead->changes().is_changed_from(name, here);
}

}  // namespace rowtide::run
