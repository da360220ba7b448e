#include "tracker/commands/run_parts.h"

#include <chrono>
#include <utility>

#include "common/status/try.h"
#include "tracker/checkpoint/kafka_checkpoint_store.h"
#include "tracker/polardb/way_in.h"
#include "tracker/sink/topic_name.h"
#include "tracker/source/binlog_source.h"
#include "tracker/source/mysql_session.h"
#include "tracker/source/position_sampler.h"
#include "tracker/source/start_position.h"
#include "tracker/source/timestamp_position.h"

namespace rowtide::commands {
namespace {

absl::Status open_way_in(task::Task& task, const task::SecretReader& secrets, polardb::LetIn how,
                         const std::stop_token& stop) {
  constexpr std::chrono::seconds kTime{10};
  return polardb::open_way_in(task, secrets, how,
                              {.deadline = std::chrono::steady_clock::now() + kTime, .stop = stop});
}

}  // namespace

std::unique_ptr<source::EventSource> make_source(task::Task& task, const task::SecretReader& secrets) {
  return std::make_unique<DeferredSource>(
      [&task, &secrets] { return std::make_unique<source::BinlogSource>(task, secrets); });
}

run::Parts make_parts(task::Task& task, const task::SecretReader& secrets, source::EventSource& source,
                      sink::Sink& sink, checkpoint::CheckpointStore* checkpoints) {
  return {
      .source = source,
      .sink = sink,
      .checkpoints = checkpoints,
      .connect_sql = [&task, &secrets]() -> absl::StatusOr<std::unique_ptr<sql::Session>> {
        ASSIGN_OR_RETURN(auto session, source::MysqlSession::connect(task.spec.source, secrets));
        return session;
      },
      .open_way_in =
          [&task, &secrets](const std::stop_token& stop) {
            return open_way_in(task, secrets, polardb::LetIn::Replace, stop);
          },
      .let_in =
          [&task, &secrets](const std::stop_token& stop) {
            task::Task copy = task;
            return open_way_in(copy, secrets, polardb::LetIn::Add,
                               stop);  // a precheck may have added its own
          },
      .open_beside = [&task, &secrets] { return source::search_source(task, secrets)(); },
      .start_position =
          [&task, &secrets](sql::Session& session) {
            return source::resolve_start_position(task.spec.start_position, session,
                                                  source::search_source(task, secrets));
          },
      .sample_end = [](sql::Session& session) -> absl::StatusOr<binlog::BinlogCoordinates> {
        ASSIGN_OR_RETURN(auto end, source::current_end(session));
        return binlog::BinlogCoordinates{std::move(end.first), end.second};
      },
      .binlog_files = source::list_binlog_files,
      .retention_seconds = [](sql::Session& session) -> absl::StatusOr<std::optional<std::uint64_t>> {
        ASSIGN_OR_RETURN(const auto facts, source::read_server_info(session));
        return facts.retention_seconds;
      },
      .server_of = [](sql::Session& session) -> absl::StatusOr<std::string> {
        ASSIGN_OR_RETURN(const auto facts, source::read_server_info(session));
        return facts.server;
      },
      .checkpoint_records =
          [&task](const checkpoint::Checkpoint& checkpoint,
                  const std::vector<checkpoint::SchemaEntry>& schemas,
                  const std::vector<std::string>& topics) {
            return checkpoint::kafka_checkpoint_records(task, checkpoint, schemas, topics);
          },
      .topic_for = [&task](const std::string& database,
                           const std::string& table) { return sink::topic_for(task, database, table); },
      .schema_topic = sink::schema_topic_for(task),
      .format = task.spec.sink.format(),
  };
}

}  // namespace rowtide::commands
