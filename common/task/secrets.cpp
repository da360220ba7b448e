#include "common/task/secrets.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "common/status/try.h"

namespace rowtide::task {
namespace {

/// A Secret's name and key become parts of a path: neither may leave the folder.
bool is_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

bool ends_with_line_break(const std::string& text) {
  return !text.empty() && (text.back() == '\n' || text.back() == '\r');
}

}  // namespace

std::string_view remark_on_password(const Credentials& credentials) {
  return ends_with_line_break(credentials.password)
             ? "; the password ends with a line break, which counts: make the Secret with --from-literal, or the "
               "file with printf"
             : "";
}

absl::StatusOr<std::string> SecretReader::path(const SecretKeyRef& ref, std::string_view field) const {
  if (folder_.empty()) {
    return absl::FailedPreconditionError(fmt::format(
        "{} names Secret {}, but no folder of Secrets was given; add --secrets DIR, where {} is the file "
        "DIR/{}/{}",
        field, ref.name, ref.key, ref.name, ref.key));
  }
  if (!is_file_name(ref.name) || !is_file_name(ref.key)) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: Secret '{}' key '{}' is not a name of a Secret and its key", field, ref.name, ref.key));
  }
  const std::filesystem::path file = folder_ / ref.name / ref.key;
  std::error_code error;
  if (std::filesystem::is_regular_file(file, error)) return file.string();
  return absl::NotFoundError(
      fmt::format("{}: Secret {} has no key {}, or does not exist; create it with the key {}", field,
                  ref.name, ref.key, ref.key));
}

absl::StatusOr<std::string> SecretReader::read(const SecretKeyRef& ref, std::string_view field) const {
  ASSIGN_OR_RETURN(const std::string file, path(ref, field));
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream content;
  content << stream.rdbuf();
  if (!stream) {
    return absl::PermissionDeniedError(
        fmt::format("{}: key {} of Secret {} cannot be read ({})", field, ref.key, ref.name, file));
  }
  return std::move(content).str();
}

absl::StatusOr<Credentials> SecretReader::credentials(const SecretRef& ref, std::string_view field) const {
  ASSIGN_OR_RETURN(std::string username, read({ref.name, "username"}, field));
  ASSIGN_OR_RETURN(std::string password, read({ref.name, "password"}, field));
  if (ends_with_line_break(username)) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: the key username of Secret {} ends with a line break, as no account's name does; make the "
        "Secret with --from-literal, or the file with printf",
        field, ref.name));
  }
  return Credentials{std::move(username), std::move(password)};
}

absl::StatusOr<ClientCertificate> SecretReader::client_certificate(const SecretRef& ref,
                                                                   std::string_view field) const {
  ASSIGN_OR_RETURN(std::string certificate, path({ref.name, "tls.crt"}, field));
  ASSIGN_OR_RETURN(std::string key, path({ref.name, "tls.key"}, field));
  return ClientCertificate{std::move(certificate), std::move(key)};
}

absl::StatusOr<Credentials> SecretReader::source_credentials(const Source& source) const {
  if (source.credentials) return Credentials{source.credentials->username, source.credentials->password};
  if (source.credentials_secret_ref) {
    return credentials(*source.credentials_secret_ref, "spec.source.credentialsSecretRef");
  }
  return absl::InvalidArgumentError("spec.source names no credentials; add credentialsSecretRef");
}

absl::StatusOr<Credentials> SecretReader::kafka_credentials(const KafkaSecurity& security) const {
  if (security.credentials)
    return Credentials{security.credentials->username, security.credentials->password};
  if (security.credentials_secret_ref) {
    return credentials(*security.credentials_secret_ref, "spec.sink.kafka.security.credentialsSecretRef");
  }
  return Credentials{};
}

}  // namespace rowtide::task
