#include "tracker/checkpoint/checkpoint_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/status/text.h"

namespace rowtide::checkpoint {
namespace {

constexpr int kVersion = 1;

absl::Status damaged(std::string_view what) {
  return absl::DataLossError(fmt::format("{}", what));
}

}  // namespace

std::string to_json(const Checkpoint& checkpoint, const Owner& owner) {
  nlohmann::json document;
  document["name"] = owner.name;
  document["position"] = nlohmann::json::parse(binlog::to_json(checkpoint.position));
  document["resetNonce"] = owner.reset_nonce;
  document["savedAtMs"] = checkpoint.saved_at_ms;
  document["source"] = owner.source;
  document["task"] = owner.identity;
  document["topic"] = owner.topic;
  document["version"] = kVersion;
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string to_json(const SchemaEntry& entry) {
  const nlohmann::json document = {{"key", entry.key}, {"value", entry.value}};
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

absl::StatusOr<SchemaEntry> schema_entry_from_json(std::string_view text) {
  const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
  if (!document.is_object()) return damaged("it is no JSON object");
  const auto key = document.find("key");
  const auto value = document.find("value");
  if (key == document.end() || !key->is_string()) return damaged("key is missing");
  if (value == document.end() || !value->is_string()) return damaged("value is missing");
  return SchemaEntry{key->get<std::string>(), value->get<std::string>()};
}

absl::StatusOr<Checkpoint> checkpoint_from_json(std::string_view text, std::string_view task_identity) {
  const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
  if (document.is_discarded() || !document.is_object()) return damaged("it is no JSON object");
  const auto version = document.find("version");
  if (version == document.end() || !version->is_number_integer()) return damaged("version is missing");
  if (*version != kVersion) {
    return damaged(
        fmt::format("it has version {}, and this Rowtide knows version {} only; run the Rowtide that "
                    "wrote it",
                    version->dump(), kVersion));
  }
  if (const auto moved_to = document.find("movedTo"); moved_to != document.end() && moved_to->is_string()) {
    return absl::FailedPreconditionError(
        fmt::format("a newer task of the same name, {}, has taken over and goes on from it",
                    moved_to->get_ref<const std::string&>()));
  }
  const auto saved_at = document.find("savedAtMs");
  if (saved_at == document.end() || !saved_at->is_number_integer()) return damaged("savedAtMs is missing");
  const auto position = document.find("position");
  if (position == document.end()) return damaged("position is missing");
  const auto task = document.find("task");
  if (task == document.end() || !task->is_string()) return damaged("task is missing");
  if (*task != task_identity) {
    return absl::FailedPreconditionError(fmt::format("it is the checkpoint of task {}, not of {}",
                                                     task->get_ref<const std::string&>(), task_identity));
  }
  absl::StatusOr<binlog::Position> parsed = binlog::position_from_json(position->dump());
  if (!parsed.ok()) return damaged(rowtide::text(parsed.status()));
  return Checkpoint{*std::move(parsed), saved_at->get<std::int64_t>(), owner_from_json(text).reset_nonce};
}

}  // namespace rowtide::checkpoint
