#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/task/spec.h"

namespace rowtide::task {

struct Credentials {
  std::string username;
  std::string password;
};

/// What may be wrong with a password that was refused, to be put after the rest: "; ..."; else empty.
[[nodiscard]] std::string_view remark_on_password(const Credentials& credentials);

/// Paths of PEM files.
struct ClientCertificate {
  std::string certificate;
  std::string key;
};

/// Secrets as files: a folder per Secret name, a file per key. In a pod the kubelet keeps them current, so
/// each read goes to disk. Errors name Secret, key and the spec's field, never content.
class SecretReader {
 public:
  /// `folder` may be empty: then every lookup fails and says that --secrets is missing.
  explicit SecretReader(std::filesystem::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] absl::StatusOr<std::string> read(const SecretKeyRef& ref, std::string_view field) const;
  /// The path of a key's file, for libraries that want one (CA certificates). NOT_FOUND if it is not there.
  [[nodiscard]] absl::StatusOr<std::string> path(const SecretKeyRef& ref, std::string_view field) const;

  /// Of a Secret of type kubernetes.io/tls: its keys tls.crt and tls.key.
  [[nodiscard]] absl::StatusOr<ClientCertificate> client_certificate(const SecretRef& ref,
                                                                     std::string_view field) const;

  [[nodiscard]] absl::StatusOr<Credentials> source_credentials(const Source& source) const;
  /// For SASL; empty credentials for protocols without it.
  [[nodiscard]] absl::StatusOr<Credentials> kafka_credentials(const KafkaSecurity& security) const;

 private:
  [[nodiscard]] absl::StatusOr<Credentials> credentials(const SecretRef& ref, std::string_view field) const;
  std::filesystem::path folder_;
};

}  // namespace rowtide::task
