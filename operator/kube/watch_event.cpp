#include "operator/kube/watch_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "operator/kube/errors.h"
#include "operator/kube/json_access.h"

namespace rowtide::op::kube {
namespace {

absl::Status told_error(const nlohmann::json& object, std::string_view what) {
  constexpr std::int64_t kMaxHttp = 599;
  const auto* code = find_at(object, {"code"});
  const std::int64_t http =
      code != nullptr && code->is_number_integer() ? code->get<std::int64_t>() : std::int64_t{500};
  return status_from_code(static_cast<int>(std::clamp<std::int64_t>(http, 400, kMaxHttp)),
                          string_at(object, {"reason"}), string_at(object, {"message"}), what);
}

}  // namespace

absl::StatusOr<WatchEvent> parse_watch_event(std::string_view line, std::string_view what) {
  auto event = nlohmann::json::parse(line, nullptr, false);
  const std::string_view type = string_at(event, {"type"});
  nlohmann::json* object = event.is_object() && event.contains("object") ? &event["object"] : nullptr;
  if (type.empty() || object == nullptr || !object->is_object()) {
    return absl::InternalError(fmt::format("{}: a line of {} bytes is not a watch event", what, line.size()));
  }
  if (type == "ERROR") return told_error(*object, what);
  WatchEvent result;
  result.resource_version = std::string(string_at(*object, {"metadata", "resourceVersion"}));
  if (result.resource_version.empty()) {
    return absl::InternalError(fmt::format("{}: an event has no resourceVersion", what));
  }
  if (type == "ADDED" || type == "MODIFIED") {
    result.type = WatchEvent::Type::Changed;
  } else if (type == "DELETED") {
    result.type = WatchEvent::Type::Deleted;
  } else if (type != "BOOKMARK") {
    return absl::InternalError(fmt::format("{}: unknown event type \"{}\"", what, type));
  }
  result.object = std::move(*object);
  return result;
}

}  // namespace rowtide::op::kube
