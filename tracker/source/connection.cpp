#include "tracker/source/connection.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysql.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>

#include "common/status/reason.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "common/version.h"
#include "tracker/source/handshake_probe.h"
#include "tracker/source/server_error.h"
#include "tracker/source/server_info.h"
#include "tracker/sql/quote.h"

namespace rowtide::source {
namespace {

using absl::StatusCode;

constexpr my_bool kYes = 1;
constexpr my_bool kNo = 0;

absl::Status secret_missing(const absl::Status& status) {
  return failure(StatusCode::kUnauthenticated, "SecretMissing", std::string(status.message()));
}

void set_timeout(MYSQL* mysql, mysql_option option, std::chrono::seconds timeout) {
  const auto seconds = static_cast<unsigned int>(timeout.count());
  mysql_optionsv(mysql, option, &seconds);
}

void set_general_options(MYSQL* mysql, const ConnectOptions& options) {
  set_timeout(mysql, MYSQL_OPT_CONNECT_TIMEOUT, options.connect_timeout);
  set_timeout(mysql, MYSQL_OPT_READ_TIMEOUT, options.read_timeout);
  set_timeout(mysql, MYSQL_OPT_WRITE_TIMEOUT, options.read_timeout);
  // A server must not be able to ask for files of ours.
  const unsigned int local_infile = 0;
  mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &local_infile);
  // A row event can be as large as the server's own limit.
  const std::size_t max_packet = std::size_t{1} << 30U;
  mysql_optionsv(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &max_packet);
  mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "rowtide-tracker");
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "rowtide_version", kVersion.data());
}

/// MYSQL_OPT_SSL_ENFORCE asks for TLS and goes on without it where the server offers none. Modes that need it
/// have it checked after connecting; those that verify are refused by the library before the password is
/// sent.
absl::Status set_tls_options(MYSQL* mysql, const task::Tls& tls, const task::SecretReader& secrets) {
  if (tls.mode == task::TlsMode::Disabled) return absl::OkStatus();
  mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &kYes);
  if (tls.ca_secret_ref) {
    const absl::StatusOr<std::string> ca = secrets.path(*tls.ca_secret_ref, "spec.source.tls.caSecretRef");
    if (!ca.ok()) return secret_missing(ca.status());
    mysql_optionsv(mysql, MYSQL_OPT_SSL_CA, ca->c_str());
  }
  if (tls.client_certificate_secret_ref) {
    const absl::StatusOr<task::ClientCertificate> ours = secrets.client_certificate(
        *tls.client_certificate_secret_ref, "spec.source.tls.clientCertificateSecretRef");
    if (!ours.ok()) return secret_missing(ours.status());
    mysql_optionsv(mysql, MYSQL_OPT_SSL_CERT, ours->certificate.c_str());
    mysql_optionsv(mysql, MYSQL_OPT_SSL_KEY, ours->key.c_str());
  }
  const bool verifies_name = tls.mode == task::TlsMode::VerifyIdentity;
  mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, verifies_name ? &kYes : &kNo);
  return absl::OkStatus();
}

/// The library looks at errno too early: of a connection that was refused it only says that it was "in
/// progress".
absl::Status connect_error(MYSQL* mysql, const Target& target) {
  constexpr std::chrono::seconds kProbeTime{2};
  const unsigned number = mysql_errno(mysql);
  std::string text = mysql_error(mysql);
  if ((number == CR_CONNECTION_ERROR || number == CR_CONN_HOST_ERROR) &&
      text.ends_with(fmt::format("({})", EINPROGRESS))) {
    const int error = probe_connect(target.host, target.port, kProbeTime);
    if (error != 0) text = fmt::format("{} ({})", std::strerror(error), error);
  }
  return classify_error(number, text, target);
}

/// A server that does not take our certificate breaks off; what the library says of it is mostly something
/// else. Without the certificate the server gets to the account then, and only then.
absl::Status explain_certificate(task::Source source, const task::SecretReader& secrets,
                                 const ConnectOptions& options, absl::Status failed) {
  const std::string secret = source.tls.client_certificate_secret_ref->name;
  source.tls.client_certificate_secret_ref.reset();
  const absl::Status without = Connection::open(source, secrets, options).status();
  if (!without.ok() && !absl::IsUnauthenticated(without)) return failed;
  return failure(
      StatusCode::kUnavailable, "ClientCertificateRefused",
      fmt::format(
          "{}:{} goes on without the certificate of Secret {} (spec.source.tls."
          "clientCertificateSecretRef), and with it breaks off: {}; put one that is valid and of a CA in "
          "the server's ssl_ca, and its own key without a passphrase, into the Secret as tls.crt and tls.key",
          source.host, source.port, secret, text(failed)));
}

/// With TLS 1.3 a server judges the certificate after the handshake.
bool may_be_the_certificate(const task::Tls& tls, const absl::Status& failed) {
  const std::string reason = reason_of(failed);
  return tls.client_certificate_secret_ref && tls.mode != task::TlsMode::Disabled &&
         (reason == "TlsFailed" || reason == "ConnectionLost");
}

absl::Status with_remark(const absl::Status& status, std::string_view remark) {
  absl::Status longer(status.code(), fmt::format("{}{}", text(status), remark));
  status.ForEachPayload(
      [&longer](absl::string_view url, const absl::Cord& payload) { longer.SetPayload(url, payload); });
  return longer;
}

bool needs_tls(task::TlsMode mode) {
  return mode != task::TlsMode::Disabled && mode != task::TlsMode::Preferred;
}

}  // namespace

absl::StatusOr<Connection> Connection::open(const task::Source& source, const task::SecretReader& secrets,
                                            const ConnectOptions& options) {
  static std::once_flag library_ready;
  std::call_once(library_ready, [] { mysql_library_init(0, nullptr, nullptr); });

  const absl::StatusOr<task::Credentials> credentials = secrets.source_credentials(source);
  if (!credentials.ok()) return secret_missing(credentials.status());

  Connection connection(mysql_init(nullptr), {source.host, source.port, credentials->username});
  MYSQL* mysql = connection.handle_;
  if (mysql == nullptr) return absl::ResourceExhaustedError("out of memory for a connection");
  set_general_options(mysql, options);
  RETURN_IF_ERROR(set_tls_options(mysql, source.tls, secrets));
  if (mysql_real_connect(mysql, source.host.c_str(), credentials->username.c_str(),
                         credentials->password.c_str(), nullptr, source.port, nullptr, 0) == nullptr) {
    absl::Status failed = connect_error(mysql, connection.target_);
    if (reason_of(failed) == "AccessDenied")
      failed = with_remark(failed, task::remark_on_password(*credentials));
    if (!may_be_the_certificate(source.tls, failed)) return failed;
    return explain_certificate(source, secrets, options, std::move(failed));
  }
  if (needs_tls(source.tls.mode) && connection.tls_cipher().empty()) {
    return failure(
        StatusCode::kUnavailable, "TlsFailed",
        fmt::format("{}:{} offers no TLS, and spec.source.tls.mode asks for it; set TLS up at the source, or "
                    "set the mode to Preferred",
                    source.host, source.port));
  }
  connection.server_version_ = mysql_get_server_info(mysql);
  for (const std::string_view statement : session_settings(connection.server_version_)) {
    constexpr unsigned kUnknownVariable = 1193;  // a server that only calls itself by that version
    const absl::Status status = connection.query(statement).status();
    if (!status.ok() && error_number_of(status) != kUnknownVariable) return status;
  }
  return connection;
}

Connection::Connection(Connection&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)),
      target_(std::move(other.target_)),
      server_version_(std::move(other.server_version_)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(target_, other.target_);
  std::swap(server_version_, other.server_version_);
  return *this;
}

Connection::~Connection() {
  if (handle_ != nullptr) mysql_close(handle_);
}

absl::Status Connection::last_error() const {
  return classify_error(mysql_errno(handle_), mysql_error(handle_), target_);
}

std::string Connection::tls_cipher() const {
  const char* cipher = mysql_get_ssl_cipher(handle_);
  return cipher == nullptr ? std::string() : std::string(cipher);
}

absl::StatusOr<sql::Result> Connection::query(std::string_view sql) {
  if (mysql_real_query(handle_, sql.data(), static_cast<unsigned long>(sql.size())) != 0) return last_error();
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> rows(mysql_store_result(handle_),
                                                                      &mysql_free_result);
  sql::Result result;
  if (rows == nullptr) {
    if (mysql_field_count(handle_) != 0) return last_error();
    return result;
  }
  const unsigned int columns = mysql_num_fields(rows.get());
  const MYSQL_FIELD* fields = mysql_fetch_fields(rows.get());
  for (unsigned int i = 0; i < columns; ++i) result.columns.emplace_back(fields[i].name);
  while (MYSQL_ROW row = mysql_fetch_row(rows.get())) {
    const unsigned long* lengths = mysql_fetch_lengths(rows.get());
    sql::Row& out = result.rows.emplace_back(columns);
    for (unsigned int i = 0; i < columns; ++i) {
      if (row[i] != nullptr) out[i].emplace(row[i], lengths[i]);
    }
  }
  return result;
}

}  // namespace rowtide::source
