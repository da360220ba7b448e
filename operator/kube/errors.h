#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "operator/kube/transport.h"

namespace rowtide::op::kube {

/// An answer of the API server as a Status; OK for 2xx. `what` names verb, kind and object ("apply Deployment
/// shop/orders-tracker"), the message reads "WHAT: the server's Status.message (HTTP 404 NotFound)".
///   400, 422 InvalidArgument   401 Unauthenticated   403 PermissionDenied   404 NotFound   410 OutOfRange
///   409 AlreadyExists if the reason is AlreadyExists, else Aborted   429, 5xx Unavailable   else Internal
absl::Status status_from_response(const Response& response, std::string_view what);

/// The same for a Status object's fields, as in an in-stream {"type":"ERROR","object":Status} event.
absl::Status status_from_code(int code, std::string_view reason, std::string_view message,
                              std::string_view what);

/// The HTTP status that a Status was made from; empty if no answer came.
std::optional<int> http_status(const absl::Status& status);

/// How long the server asked to wait (Retry-After); empty if it did not say.
std::optional<std::chrono::seconds> retry_after(const absl::Status& status);

/// Whether the same call may succeed later with nothing changed: Unavailable, DeadlineExceeded, Aborted (read
/// again first) and Unauthenticated (the token is read again).
bool is_retryable(const absl::Status& status);

/// The server has looked at the request and cannot carry it out: 5xx, but for 503 and 504. A webhook that
/// fails is told so, and a field that server-side apply does not know; but also etcd's moments.
bool is_server_error(const absl::Status& status);

/// 400, 403, 422, or refused by ourselves: the same again has the same answer until somebody mends it.
bool is_refused(const absl::Status& status);

}  // namespace rowtide::op::kube
