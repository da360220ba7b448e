#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"

namespace rowtide::sink {

struct BrokerInfo {
  std::int32_t brokers = 0;
  std::map<std::string, std::int32_t>
      topics;  ///< partitions of each topic we may see; a missing one is not there
};

/// Asks the cluster what it is made of, with the task's own security settings; changes nothing. For the
/// precheck. Errors say what to do, and reason_of() gives them a word: UnknownHost, ConnectionRefused,
/// Timeout, CertificateUntrusted, CertificateNameMismatch, CertificateExpired, CertificateNotYetValid,
/// ClientCertificateRequired, ClientCertificateRefused, ClientCertificateUnusable, TlsFailed,
/// AuthenticationFailed, SecretMissing, Unreachable.
[[nodiscard]] absl::StatusOr<BrokerInfo> probe_kafka(const task::KafkaSink& kafka,
                                                     const task::SecretReader& secrets,
                                                     std::chrono::milliseconds timeout);

}  // namespace rowtide::sink
