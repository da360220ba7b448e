#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "common/task/document.h"
#include "common/task/spec.h"

namespace rowtide::task {

// The sections of a spec, each read by a file of its own. Each notes what is wrong at its field and takes the
// defaults for it. Internal to common/task.

template <typename Enum, std::size_t N>
using Choices = std::array<std::pair<std::string_view, Enum>, N>;

[[nodiscard]] Source read_source(const Field& field);
[[nodiscard]] Objects read_objects(const Field& field);
/// `type` and `vpc` only where the source's address is looked up.
[[nodiscard]] Network read_network(const Field& field, const Source& source);
[[nodiscard]] Sink read_sink(const Field& field, bool has_schema_updates);
[[nodiscard]] TrackerPod read_tracker_pod(const Field& field);

// Of source and sink.
[[nodiscard]] std::optional<SecretRef> read_secret_ref(const Field& field);
[[nodiscard]] std::optional<SecretKeyRef> read_secret_key_ref(const Field& field);
[[nodiscard]] std::optional<InlineCredentials> read_inline_credentials(const Field& field);
/// `parent` takes one of credentialsSecretRef and credentials.
void require_credentials(const Field& parent, bool has_reference, bool has_inline);

}  // namespace rowtide::task
