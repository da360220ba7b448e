#include "tracker/checkpoint/owner.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace rowtide::checkpoint {
namespace {

using nlohmann::json;

std::string dump_compact(const json& document) {
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string text_at(const json& document, const char* key) {
  const auto found = document.find(key);
  return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Owner owner_of(const task::Task& task) {
  Owner owner{.identity = task.identity(),
              .name = task.task_namespace + "/" + task.name,
              .source = fmt::format("{}:{}", task.spec.source.host, task.spec.source.port),
              .topic = {},
              .reset_nonce = task.spec.reset_nonce};
  if (task.spec.sink.kafka) {
    const std::string& topic = task.spec.sink.kafka->topic.name;
    owner.topic = topic.empty() ? task.qualified_name() : topic;
  }
  return owner;
}

Owner owner_from_json(std::string_view checkpoint) {
  const json document = json::parse(checkpoint, nullptr, false);
  Owner owner;
  if (!document.is_object()) return owner;
  owner.identity = text_at(document, "task");
  owner.name = text_at(document, "name");
  owner.source = text_at(document, "source");
  owner.topic = text_at(document, "topic");
  owner.moved_to = text_at(document, "movedTo");
  const auto nonce = document.find("resetNonce");
  if (nonce != document.end() && nonce->is_number_integer()) owner.reset_nonce = nonce->get<std::int64_t>();
  return owner;
}

std::string why_not_continued(const Owner& former, const Owner& task) {
  if (former.source != task.source) {
    return fmt::format("it read the source {}, and this one reads {}", former.source, task.source);
  }
  if (former.topic != task.topic) {
    return fmt::format("it wrote to the topic {}, and this one writes to {}", former.topic, task.topic);
  }
  return {};
}

std::string with_identity(std::string_view checkpoint, std::string_view identity) {
  json document = json::parse(checkpoint, nullptr, false);
  if (document.is_object()) document["task"] = identity;
  return dump_compact(document);
}

std::string moved_json(const Owner& former, std::string_view to) {
  return dump_compact({{"movedTo", to}, {"name", former.name}, {"task", former.identity}, {"version", 1}});
}

std::string mark_of_name(std::string_view name) {
  return "\"name\":" + dump_compact(json(name));
}

}  // namespace rowtide::checkpoint
