#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/spec.h"

namespace rowtide::task {

/// One thing wrong with a task document.
struct FieldError {
  std::string path;     ///< "spec.source.port"
  std::string value;    ///< what stands there; never that of a field that may hold a secret
  std::string message;  ///< what is allowed
  int line = 0;         ///< in the file, from 1; 0 = not known
};

/// How the message of a field that the parser does not know begins.
inline constexpr std::string_view kUnknownField = "unknown field";

/// "spec.source.port: 99999 is not allowed: a number from 1 to 65535 (line 7)", one line per error.
[[nodiscard]] std::string to_string(const std::vector<FieldError>& errors);

enum class Mode {
  Standalone,  ///< a file on disk: ${env:NAME}, inline credentials and the stdout sink are allowed,
               ///< spec.tracker has no effect
  Kubernetes,  ///< what the API server stored
};

struct ParseResult {
  Task task;
  std::vector<FieldError> errors;  ///< empty: task is valid
  /// Paths ("spec.source.port") of fields that say what their absence says: without them the document is the
  /// same task.
  std::vector<std::string> defaults;
  /// Paths of fields that have no effect in this mode, for a warning.
  std::vector<std::string> ignored;
  [[nodiscard]] bool ok() const { return errors.empty(); }
};

/// Reads and validates a ChangeTrackingTask document, YAML or JSON. Reports every error it finds, not just
/// the first. Never throws. metadata and status fields that Kubernetes adds are ignored; any other unknown
/// field is an error.
[[nodiscard]] ParseResult parse_task(std::string_view document, Mode mode);

}  // namespace rowtide::task
