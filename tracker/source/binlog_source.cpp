#include "tracker/source/binlog_source.h"

#include <fmt/format.h>
#include <mysql.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "tracker/binlog/event.h"
#include "tracker/source/dump_request.h"
#include "tracker/source/gtids_at_source.h"
#include "tracker/source/mysql_session.h"
#include "tracker/source/same_binlog.h"
#include "tracker/source/server_info.h"
#include "tracker/source/start_position.h"

namespace rowtide::source {
namespace {

using absl::StatusCode;

constexpr unsigned long kPacketError = std::numeric_limits<unsigned int>::max();
constexpr unsigned char kEventFollows = 0x00;
constexpr unsigned char kEndOfStream = 0xfe;
/// That a request can name.
constexpr std::uint64_t kLargestOffset = std::numeric_limits<std::uint32_t>::max();

/// Statements through the stream's own connection, before the stream begins.
class BorrowedSession final : public sql::Session {
 public:
  explicit BorrowedSession(Connection& connection) : connection_(&connection) {}
  [[nodiscard]] absl::StatusOr<sql::Result> query(std::string_view sql) override {
    return connection_->query(sql);
  }

 private:
  Connection* connection_;
};

bool is_heartbeat(Bytes event) {
  constexpr std::size_t kTypeOffset = 4;
  if (event.size() < binlog::kEventHeaderSize) return false;
  const auto type = static_cast<binlog::EventType>(event[kTypeOffset]);
  return type == binlog::EventType::Heartbeat || type == binlog::EventType::HeartbeatV2;
}

}  // namespace

BinlogSource::~BinlogSource() {
  close();
}

absl::Status BinlogSource::open(const binlog::Position& from) {
  if (is_interrupted()) return absl::CancelledError("reading the binlog was interrupted");
  opened_at_ = from;
  idle_offset_ = 0;
  RETURN_IF_ERROR(connect());
  ASSIGN_OR_RETURN(const ServerInfo facts, read_info());
  ASSIGN_OR_RETURN(const binlog::Position at, check_position(from, facts));
  RETURN_IF_ERROR(set_variables(at, facts));
  RETURN_IF_ERROR(register_reader());
  return request_dump(at);
}

absl::Status BinlogSource::connect() {
  connection_.reset();
  ASSIGN_OR_RETURN(Connection connection,
                   Connection::open(source_, secrets_,
                                    {.connect_timeout = std::chrono::seconds(10), .read_timeout = kSilence}));
  connection_.emplace(std::move(connection));

  const std::lock_guard lock(mutex_);
  if (interrupted_) return absl::CancelledError("reading the binlog was interrupted");
  if (interrupt_socket_ >= 0) ::close(interrupt_socket_);
  interrupt_socket_ = ::dup(static_cast<int>(mysql_get_socket(connection_->handle())));
  return absl::OkStatus();
}

absl::StatusOr<ServerInfo> BinlogSource::read_info() {
  ASSIGN_OR_RETURN(sql::Result user,
                   connection_->query("SELECT VERSION(), SUBSTRING_INDEX(USER(), '@', -1)"));
  if (user.rows.empty()) return absl::InternalError("the source does not say what it is");
  info_.version = user.rows[0][0].value_or("");
  info_.is_mariadb = is_mariadb_version(info_.version);
  info_.client_address = user.rows[0][1].value_or("");
  BorrowedSession session(*connection_);
  absl::StatusOr<ServerInfo> facts = read_server_info(session);
  if (facts.ok()) info_.server = facts->server;
  return facts;
}

absl::StatusOr<binlog::Position> BinlogSource::check_position(const binlog::Position& from,
                                                              const ServerInfo& facts) {
  BorrowedSession session(*connection_);
  ASSIGN_OR_RETURN(const bool is_same, is_in_same_file(from, facts, session, open_beside_));
  binlog::Position at = from;
  if (is_same && !facts.is_mariadb && from.offset <= kLargestOffset) at.gtids = {};
  RETURN_IF_ERROR(check_position_fits(at, facts));
  RETURN_IF_ERROR(check_executed(at, session));
  RETURN_IF_ERROR(check_not_purged(at, session));
  return at;
}

absl::Status BinlogSource::set_variables(const binlog::Position& from, const ServerInfo& facts) {
  for (const std::string& statement : dump_settings(from, facts, identity_, kHeartbeat)) {
    RETURN_IF_ERROR(connection_->query(statement).status());
  }
  return absl::OkStatus();
}

absl::Status BinlogSource::send(unsigned command, const std::string& packet, bool expects_answer) {
  MYSQL* mysql = connection_->handle();
  const int failed =
      mysql->methods->db_command(mysql, static_cast<enum_server_command>(command), packet.data(),
                                 packet.size(), expects_answer ? 0 : 1, nullptr);
  return failed == 0 ? absl::OkStatus() : explain(connection_->last_error());
}

absl::Status BinlogSource::register_reader() {
  return send(kComRegisterReplica, register_packet(identity_), true);
}

absl::Status BinlogSource::request_dump(const binlog::Position& from) {
  if (const auto* gtids = std::get_if<binlog::MysqlGtidSet>(&from.gtids)) {
    return send(kComBinlogDumpGtid, dump_gtid_packet(identity_.server_id, gtids->encode()), false);
  }
  if (std::holds_alternative<binlog::MariadbGtidSet>(from.gtids)) {
    // The position stands in @slave_connect_state.
    return send(kComBinlogDump, dump_packet(identity_.server_id, 4, "", true), false);
  }
  return send(
      kComBinlogDump,
      dump_packet(identity_.server_id, static_cast<std::uint32_t>(from.offset), from.file, info_.is_mariadb),
      false);
}

absl::StatusOr<Bytes> BinlogSource::next() {
  if (!connection_) return absl::FailedPreconditionError("the source is not open");
  MYSQL* mysql = connection_->handle();
  // Joins the parts of an event of 16 MiB and more.
  const unsigned long length = mysql_net_read_packet(mysql);
  if (length == kPacketError || length == 0) [[unlikely]] {
    if (is_interrupted()) return absl::CancelledError("reading the binlog was interrupted");
    return explain(connection_->last_error());
  }
  const unsigned char* packet = mysql->net.read_pos;
  if (packet[0] == kEventFollows) [[likely]] {
    const Bytes event{reinterpret_cast<const std::byte*>(packet) + 1, length - 1};
    const bool is_idle = is_heartbeat(event);
    idle_offset_ = is_idle ? binlog::parse_event_header(event).log_pos : 0;
    return is_idle ? Bytes{} : event;
  }
  if (packet[0] == kEndOfStream) {
    return failure(
        StatusCode::kUnavailable, "ConnectionLost",
        fmt::format("{}:{} has ended the binlog stream, as when it shuts down", source_.host, source_.port));
  }
  return failure(StatusCode::kUnavailable, "ConnectionLost",
                 fmt::format("{}:{} sent a packet of an unknown kind ({}) in the binlog stream", source_.host,
                             source_.port, packet[0]));
}

/// A lost position is the one failure where a person must decide: say what is left to choose from.
absl::Status BinlogSource::explain(absl::Status status) {
  if (!absl::IsOutOfRange(status)) return status;
  std::string earliest;
  if (auto session = MysqlSession::connect(source_, secrets_); session.ok())
    earliest = describe_earliest(**session);
  return failure(StatusCode::kOutOfRange, reason_of(status),
                 fmt::format("{} (wanted from {}). {}. {}", std::string(status.message()),
                             binlog::to_string(opened_at_), earliest, lost_position_choices()));
}

bool BinlogSource::is_interrupted() {
  const std::lock_guard lock(mutex_);
  return interrupted_;
}

void BinlogSource::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  if (interrupt_socket_ >= 0) ::shutdown(interrupt_socket_, SHUT_RDWR);
}

void BinlogSource::close() {
  {
    const std::lock_guard lock(mutex_);
    interrupted_ = false;
    if (interrupt_socket_ >= 0) ::close(std::exchange(interrupt_socket_, -1));
  }
  connection_.reset();
}

}  // namespace rowtide::source
