#include "operator/tasks/claims.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "operator/kube/json_access.h"

namespace rowtide::op::tasks {
namespace {

using controller::Key;
using nlohmann::json;

constexpr const char* kTopicAt = "topic at ";
constexpr const char* kServerIdAt = "server id at ";

/// Of one that writes to Kafka: the topic at each broker that it lists.
std::vector<Key> topic_claims(const json& task) {
  std::string topic = kube::text_at(task, "/spec/sink/kafka/topic/name");
  if (topic.empty()) {
    const Key key = controller::key_of(task);
    topic = key.name_space + "." + key.name;
  }
  std::vector<Key> claims;
  if (topic.find('{') != std::string::npos) return claims;
  for (const std::string& broker : brokers_of(task)) claims.push_back(Key{kTopicAt + broker, topic});
  return claims;
}

std::optional<Key> server_id_claim(const json& task) {
  const json& id = kube::value_at(task, "/spec/source/serverId");
  if (!id.is_number_integer() || id == 0) return std::nullopt;
  const json& port = kube::value_at(task, "/spec/source/port");
  std::string host = kube::text_at(task, "/spec/source/host");
  if (host.empty()) host = kube::text_at(task, "/spec/source/polardb/dbClusterId");
  return Key{fmt::format("{}{}:{}", kServerIdAt, absl::AsciiStrToLower(host),
                         port.is_number_integer() ? port.get<int>() : 3306),
             std::to_string(id.get<std::int64_t>())};
}

/// Who may read this task need not know of those of other namespaces.
std::string describe(const Key& claim, const Key& other, const std::string& name_space) {
  const std::string who = other.name_space == name_space ? fmt::format("the task {}", to_string(other))
                                                         : "another task in another namespace";
  if (claim.name_space.starts_with(kTopicAt)) {
    return fmt::format(
        "{}, which is older, writes to the topic {} as well; make this task anew with another "
        "spec.sink.kafka.topic.name, or delete the other",
        who, claim.name);
  }
  return fmt::format(
      "{}, which is older, reads {} with spec.source.serverId {} as well, and a source serves one reader "
      "of an id; give this task another, or leave it out",
      who, claim.name_space.substr(std::string_view(kServerIdAt).size()), claim.name);
}

}  // namespace

std::set<std::string> brokers_of(const json& task) {
  const json& servers = kube::value_at(task, "/spec/sink/kafka/bootstrapServers");
  std::set<std::string> names;
  if (!servers.is_array()) return names;
  for (const json& server : servers) {
    if (server.is_string()) names.insert(absl::AsciiStrToLower(server.get<std::string>()));
  }
  return names;
}

std::pair<std::string, std::string> age_of(const json& object) {
  return {kube::text_at(object, "/metadata/creationTimestamp"), kube::text_at(object, "/metadata/uid")};
}

std::vector<Key> claims_of(const json& task) {
  std::vector<Key> claims = topic_claims(task);
  if (std::optional<Key> claim = server_id_claim(task)) claims.push_back(*std::move(claim));
  return claims;
}

std::optional<std::string> conflict_of(const json& task, const controller::ObjectStore& tasks) {
  const Key key = controller::key_of(task);
  for (const Key& claim : claims_of(task)) {
    // Mostly it is this task's alone, which is not unpacked again for each.
    for (const Key& other : tasks.keys_of_group(claim)) {
      if (other == key) continue;
      const kube::ObjectPtr object = tasks.find(other);
      if (object && age_of(*object) < age_of(task)) return describe(claim, other, key.name_space);
    }
  }
  return std::nullopt;
}

}  // namespace rowtide::op::tasks
