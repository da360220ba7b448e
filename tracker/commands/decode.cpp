#include <fmt/format.h>
#include <re2/re2.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/status/text.h"
#include "common/status/try.h"
#include "tracker/commands/command.h"
#include "tracker/commands/decode_window.h"
#include "tracker/commands/log_options.h"
#include "tracker/commands/schema_file.h"
#include "tracker/commands/stop_signals.h"
#include "tracker/pipeline/pipeline.h"
#include "tracker/schema/historic_catalog.h"
#include "tracker/schema/schema_history.h"
#include "tracker/schema/source_catalog.h"
#include "tracker/sink/stdout_sink.h"
#include "tracker/source/file_source.h"
#include "tracker/sql/names.h"
#include "tracker/sql/session.h"

namespace rowtide::commands {
namespace {

constexpr const char* kSourceName = "decode";

struct DecodeOptions {
  std::vector<std::string> files;
  std::string format = "debezium-json";
  std::vector<std::string> objects;
  std::string from;
  std::string to;
  std::string schema;
  bool skips_unprocessable = false;
  LogOptions log{.level = "warn", .format = "text"};
};

/// Stands where a tracker has its connection: no table is known.
class NoServer final : public sql::Session {
 public:
  absl::StatusOr<sql::Result> query(std::string_view /*sql*/) override { return sql::Result{}; }
};

/// "orders_*" -> "orders_.*", all else taken literally.
std::string pattern_of(std::string_view glob) {
  std::string pattern;
  for (std::size_t star = glob.find('*'); star != std::string_view::npos; star = glob.find('*')) {
    pattern += re2::RE2::QuoteMeta({glob.data(), star}) + ".*";
    glob.remove_prefix(star + 1);
  }
  return pattern + re2::RE2::QuoteMeta({glob.data(), glob.size()});
}

/// "shop", "shop.orders", "shop*.item_*".
task::ObjectRule rule_of(const std::string& object) {
  const std::size_t dot = object.find('.');
  const std::string database = object.substr(0, dot);
  task::ObjectRule rule;
  if (database.find('*') == std::string::npos) {
    rule.database = database;
  } else {
    rule.database_pattern = pattern_of(database);
  }
  if (dot != std::string::npos) rule.table_pattern = pattern_of(object.substr(dot + 1));
  return rule;
}

task::Objects objects_of(const std::vector<std::string>& objects) {
  task::Objects result;
  for (const std::string& object : objects) result.include.push_back(rule_of(object));
  if (objects.empty()) result.include.push_back(rule_of("*"));
  return result;
}

/// Errors of the way name the settings of a task; here they are options.
std::string in_words_of_decode(std::string_view text) {
  std::string message(text);
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"spec.onUnprocessable: SkipAndCount", "--skip-unprocessable"},
      {"raise spec.resetNonce with spec.startPosition after it", "begin after it (--from)"},
      {"spec.objects", "--objects"},
  };
  for (const auto& [of_task, ours] : kWords) {
    for (std::size_t at = 0; (at = message.find(of_task, at)) != std::string::npos; at += ours.size())
      message.replace(at, of_task.size(), ours);
  }
  return message;
}

/// Whether a transaction with a GTID event begins there, by the header that would stand there: an event says
/// how long it is and where the next one begins.
bool begins_at(const std::string& path, std::uint64_t offset) {
  std::array<char, binlog::kEventHeaderSize> header{};
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  if (!file.read(header.data(), header.size())) return false;
  const binlog::EventHeader event = binlog::parse_event_header(as_bytes({header.data(), header.size()}));
  using enum binlog::EventType;
  return event.event_size >= header.size() && event.log_pos == offset + event.event_size &&
         (event.type == GtidLog || event.type == AnonymousGtid || event.type == GtidTagged ||
          event.type == MariadbGtidLog);
}

/// Binlog files, one after the other, through the pipeline to stdout.
class Decoder {
 public:
  Decoder(const DecodeOptions& options, DecodeWindow window, select::TableSelector selector,
          std::stop_token stop)
      : options_(options),
        window_(std::move(window)),
        selector_(std::move(selector)),
        stop_(std::move(stop)),
        sink_(sink::make_stdout_sink()) {}

  absl::Status run() {
    RETURN_IF_ERROR(sink_->open());
    absl::Status status;
    for (const std::string& file : options_.files) {
      if (status = read_file(file); !status.ok()) break;
    }
    // The records up to the damage come out in any case.
    if (pipeline_ != nullptr) {
      if (absl::Status rest = pipeline_->hand_over_rest(stop_); status.ok()) status = rest;
    }
    if (absl::Status flushed = sink_->flush(kFlushDeadline); status.ok()) status = flushed;
    if (status.ok() && window_.is_reversed()) {
      return absl::InvalidArgumentError(
          fmt::format("--to {} is before --from {}, if these files have that at all: nothing is between them",
                      options_.to, options_.from));
    }
    if (status.ok() && window_.is_still_waiting() && !stop_.stop_requested()) {
      return absl::NotFoundError(fmt::format("--from {}: no such place in the files given", options_.from));
    }
    return status;
  }

  [[nodiscard]] std::uint64_t unprocessable_events() const { return counters_.unprocessable_events; }
  [[nodiscard]] bool found_rows() const { return counters_.total_rows() > 0; }

 private:
  static constexpr std::chrono::seconds kFlushDeadline{60};

  absl::Status read_file(const std::string& path) {
    const std::string name = std::filesystem::path(path).filename().string();
    const std::optional<std::uint64_t> offset =
        window_.begin_file(name, [&path](std::uint64_t at) { return begins_at(path, at); });
    if (!offset) return absl::OkStatus();
    source::FileSource source({path});
    RETURN_IF_ERROR(source.open({.gtids = {}, .file = name, .offset = *offset}));
    bool is_first = true;
    while (!stop_.stop_requested()) {
      const absl::StatusOr<Bytes> event = source.next();
      if (absl::IsOutOfRange(event.status())) return end_of_file(path);
      if (!event.ok()) return event.status();
      if (std::exchange(is_first, false)) {
        if (absl::Status status = begin_pipeline(source.info(), name, *offset); !status.ok()) return status;
      }
      ASSIGN_OR_RETURN(const DecodeWindow::Verdict verdict, window_.look_at(*event));
      if (verdict == DecodeWindow::Verdict::End) return absl::OkStatus();
      if (verdict == DecodeWindow::Verdict::Skip) continue;
      RETURN_IF_ERROR(pipeline_->on_event(*event, stop_));
      if (pipeline_->is_reading_again()) RETURN_IF_ERROR(read_again(source));
    }
    return absl::OkStatus();
  }

  /// A transaction committed whose rows were not held: reads them, and goes on after the commit.
  absl::Status read_again(source::FileSource& source) {
    source::FileSource behind({options_.files.begin(), options_.files.end()});
    while (pipeline_->is_reading_again() && !stop_.stop_requested()) {
      if (pipeline_->reopen_at() != nullptr) {
        RETURN_IF_ERROR(behind.open(*pipeline_->reopen_at()));
        pipeline_->reopened();
        continue;
      }
      ASSIGN_OR_RETURN(const Bytes event, behind.next());
      if (absl::Status status = pipeline_->on_event(event, stop_); !status.ok()) return status;
    }
    const binlog::Position position = pipeline_->position();
    pipeline_->go_on_from(position);
    return source.open(position);
  }

  /// The first event says what kind of server wrote the file.
  absl::Status begin_pipeline(const source::SourceInfo& info, const std::string& file, std::uint64_t offset) {
    if (pipeline_ == nullptr || is_mariadb_ != info.is_mariadb) {
      is_mariadb_ = info.is_mariadb;
      ASSIGN_OR_RETURN(auto encoder,
                       encode::make_encoder(options_.format, {.source_name = kSourceName,
                                                              .connector = is_mariadb_ ? "mariadb" : "mysql",
                                                              .schema_topic = kSourceName}));
      pipeline_.reset();
      encoder_ = std::move(encoder);
      RETURN_IF_ERROR(make_catalog(info));
      pipeline_ = std::make_unique<pipeline::Pipeline>(pipeline::Pipeline::Parts{
          .selector = selector_,
          .catalog = *catalog_,
          .history = history_.get(),
          .encoder = *encoder_,
          .sink = *sink_,
          .counters = counters_,
          .topic_for = [](const std::string& database,
                          const std::string& table) { return fmt::format("{}.{}", database, table); },
          .images = binlog::Images::AsLogged,
          .unprocessable =
              options_.skips_unprocessable ? task::Unprocessable::SkipAndCount : task::Unprocessable::Stop,
          .reads_files = true});
      pipeline_->start({.gtids = {},
                        .file = file,
                        .offset = offset,
                        .schema_version = history_ == nullptr ? 0 : history_->version()});
    } else {
      pipeline_->go_on_from({.gtids = {}, .file = file, .offset = offset});
    }
    return absl::OkStatus();
  }

  /// What nobody knows of a table is numbered; with --schema the file knows, and the files' own DDL.
  absl::Status make_catalog(const source::SourceInfo& info) {
    catalog_ = std::make_unique<schema::SourceCatalog>(no_server_);
    if (options_.schema.empty()) return absl::OkStatus();
    const std::uint32_t version = schema::version_number(info.version);
    history_ = std::make_unique<schema::SchemaHistory>(
        schema::SourceDialect{.is_mariadb = info.is_mariadb,
                              .version = version,
                              .collations = schema::Collations(info.is_mariadb, version)},
        schema::SchemaHistory::NamesTable{},
        [](const std::string& /*database*/) { return true; });  // what the file leaves out is not there
    catalog_ = std::make_unique<schema::HistoricCatalog>(
        no_server_, *history_, [](const sql::TableName&) { return false; });  // there is no now
    return load_schema_file(options_.schema, *history_);
  }

  absl::Status end_of_file(const std::string& path) {
    if (pipeline_ == nullptr || !pipeline_->in_transaction()) return absl::OkStatus();
    return absl::DataLossError(fmt::format(
        "the binlog file {} ends inside a transaction, whose last whole event is before {}: it was "
        "copied while it was written, or its server died; the transaction's rows up to there were "
        "written out, unless they are too many to be held until it ends",
        path, pipeline_->place().offset));
  }

  const DecodeOptions& options_;
  DecodeWindow window_;
  select::TableSelector selector_;
  std::stop_token stop_;
  std::unique_ptr<sink::Sink> sink_;
  NoServer no_server_;
  std::unique_ptr<schema::SchemaHistory> history_;
  std::unique_ptr<schema::Catalog> catalog_;
  pipeline::Counters counters_;
  bool is_mariadb_ = false;
  std::unique_ptr<encode::Encoder> encoder_;
  std::unique_ptr<pipeline::Pipeline> pipeline_;
};

/// False: the error has been written to stderr.
bool read_place(const char* option, const std::string& text, const std::vector<std::string>& files,
                std::optional<DecodeCoordinates>& place) {
  if (text.empty()) return true;
  absl::StatusOr<DecodeCoordinates> parsed = parse_decode_place(text, files);
  if (!parsed.ok()) {
    std::cerr << option << ": " << rowtide::text(parsed.status()) << "\n";
    return false;
  }
  place = *std::move(parsed);
  return true;
}

/// Of files given, oldest first.
std::size_t number_of(const DecodeOptions& options, const std::string& name) {
  const auto found = std::find_if(options.files.begin(), options.files.end(), [&](const std::string& file) {
    return std::filesystem::path(file).filename() == name;
  });
  return static_cast<std::size_t>(found - options.files.begin());
}

bool is_before(const DecodeOptions& options, const FilePlace& place, const FilePlace& other) {
  if (place.file == other.file) return place.offset < other.offset;
  return number_of(options, place.file) < number_of(options, other.file);
}

std::uint64_t size_of(const DecodeOptions& options, const std::string& name) {
  for (const std::string& file : options.files) {
    std::error_code unknown;  // who opens it says why
    if (std::filesystem::path(file).filename() != name) continue;
    const std::uintmax_t size = std::filesystem::file_size(file, unknown);
    if (!unknown) return size;
  }
  return UINT64_MAX;
}

/// False: the error has been written to stderr.
bool are_in_order(const DecodeOptions& options, const std::optional<DecodeCoordinates>& from,
                  const std::optional<DecodeCoordinates>& to) {
  const auto* first = from ? std::get_if<FilePlace>(&*from) : nullptr;
  const auto* last = to ? std::get_if<FilePlace>(&*to) : nullptr;
  const auto* begin = from ? std::get_if<TimePlace>(&*from) : nullptr;
  const auto* end = to ? std::get_if<TimePlace>(&*to) : nullptr;
  if (const std::uint64_t size = first != nullptr ? size_of(options, first->file) : UINT64_MAX;
      first != nullptr && first->offset > size) {
    std::cerr << fmt::format("--from {}: the file has {} bytes only\n", options.from, size);
    return false;
  }
  const bool are_reversed = (first != nullptr && last != nullptr && is_before(options, *last, *first)) ||
                            (begin != nullptr && end != nullptr && end->us < begin->us);
  if (are_reversed) std::cerr << fmt::format("--to {} is before --from {}\n", options.to, options.from);
  return !are_reversed;
}

int decode(const DecodeOptions& options) {
  if (!begin_log(options.log)) return kUsage;
  std::vector<std::string> names;
  for (const std::string& file : options.files)
    names.push_back(std::filesystem::path(file).filename().string());
  std::optional<DecodeCoordinates> from;
  std::optional<DecodeCoordinates> to;
  if (!read_place("--from", options.from, names, from) || !read_place("--to", options.to, names, to))
    return kUsage;
  if (!are_in_order(options, from, to)) return kUsage;
  // Files do not say how their server compares names: rather a table too many than none.
  absl::StatusOr<select::TableSelector> selector =
      select::TableSelector::create(objects_of(options.objects), {}, /*lower_case_names=*/true);
  if (!selector.ok()) {
    std::cerr << "--objects: " << text(selector.status()) << "\n";
    return kUsage;
  }
  if (const auto known = encode::make_encoder(options.format, {}); !known.ok()) {
    std::cerr << "--format: " << text(known.status()) << "\n";
    return kUsage;
  }
  if (options.format == "dts-avro" && ::isatty(STDOUT_FILENO) == 1) {
    std::cerr
        << "--format dts-avro: its records are binary and no text for a terminal; send them to a file or "
           "a program (> FILE)\n";
    return kUsage;
  }
  StopSignals signals;
  Decoder decoder(options, DecodeWindow(std::move(from), std::move(to)), *std::move(selector),
                  signals.stop_when_told("Stopping"));
  const absl::Status status = decoder.run();
  if (const std::uint64_t skipped = decoder.unprocessable_events(); skipped > 0)
    std::cerr << skipped << " events could not be delivered and were left out (--skip-unprocessable)\n";
  if (status.ok() && !options.objects.empty() && !decoder.found_rows())
    std::cerr << fmt::format("no row of these files is of --objects {}\n", fmt::join(options.objects, ", "));
  if (status.ok() || absl::IsCancelled(status)) return kOk;
  spdlog::error("{}", in_words_of_decode(text(status)));
  return kFailed;
}

}  // namespace

void add_decode(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "decode", "Read binlog files without a server and write their changes to stdout, a record per line");
  const auto options = std::make_shared<DecodeOptions>();
  command->add_option("files", options->files, "binlog files, oldest first")->required();
  command->add_option("--format", options->format, "format of the records, as in spec.sink.kafka.format")
      ->capture_default_str();
  command
      ->add_option("--objects", options->objects,
                   "only these: DATABASE or DATABASE.TABLE, * for any text; may be repeated. Default: all "
                   "but the server's own")
      ->allow_extra_args(false);
  command->add_option(
      "--from", options->from,
      "begin with the first transaction here: FILE:OFFSET, a GTID, or a time (2026-01-31T12:00:00Z)");
  command->add_option("--to", options->to,
                      "end before FILE:OFFSET or the first transaction at or after a time; after a GTID");
  command->add_option(
      "--schema", options->schema,
      "SQL file with the tables as they were at the first event (mysqldump --no-data "
      "--databases), for binlogs without all metadata. Default: columns are numbered, @1, @2");
  command->add_flag(
      "--skip-unprocessable", options->skips_unprocessable,
      "go on after what cannot be delivered (a change written as a statement, a row that does not fit "
      "its table), and say at the end how much it was. Default: stop there");
  add_log_options(*command, options->log);
  command->callback([&chosen, options] { chosen = [options] { return decode(*options); }; });
}

}  // namespace rowtide::commands
