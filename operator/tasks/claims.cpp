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

// Where a task's spec stands, and the one that it runs or has run last.
constexpr const char* kSpec = "/spec";
constexpr const char* kLastGoodSpec = "/status/lastGoodSpec";

std::set<std::string> brokers_in(const json& spec) {
  const json& servers = kube::value_at(spec, "/sink/kafka/bootstrapServers");
  std::set<std::string> names;
  if (!servers.is_array()) return names;
  for (const json& server : servers) {
    if (server.is_string()) names.insert(absl::AsciiStrToLower(server.get<std::string>()));
  }
  return names;
}

/// Of one that writes to Kafka: the topic at each broker that it lists.
void add_topic_claims(const Key& key, const json& spec, std::set<Key>& claims) {
  std::string topic = kube::text_at(spec, "/sink/kafka/topic/name");
  if (topic.empty()) topic = key.name_space + "." + key.name;
  if (topic.find('{') != std::string::npos) return;
  for (const std::string& broker : brokers_in(spec)) claims.insert(Key{kTopicAt + broker, topic});
}

std::optional<Key> server_id_claim(const json& spec) {
  const json& id = kube::value_at(spec, "/source/serverId");
  if (!id.is_number_integer() || id == 0) return std::nullopt;
  const json& port = kube::value_at(spec, "/source/port");
  std::string host = kube::text_at(spec, "/source/host");
  if (host.empty()) host = kube::text_at(spec, "/source/polardb/dbClusterId");
  return Key{fmt::format("{}{}:{}", kServerIdAt, absl::AsciiStrToLower(host),
                         port.is_number_integer() ? port.get<int>() : 3306),
             std::to_string(id.get<std::int64_t>())};
}

std::set<Key> claims_in(const json& task, const char* at) {
  const json& spec = kube::value_at(task, at);
  std::set<Key> claims;
  add_topic_claims(controller::key_of(task), spec, claims);
  if (std::optional<Key> claim = server_id_claim(spec)) claims.insert(*std::move(claim));
  return claims;
}

/// Whether what `other` says or has comes before what `task` says: who has it already, and of two of whom
/// that is true, or of neither, the older.
bool comes_before(const json& other, const json& task, const Key& claim) {
  const bool other_has = claims_in(other, kLastGoodSpec).contains(claim);
  const bool task_has = claims_in(task, kLastGoodSpec).contains(claim);
  return other_has != task_has ? other_has : age_of(other) < age_of(task);
}

/// Who may read this task need not know of those of other namespaces.
std::string describe(const Key& claim, const Key& other, bool is_older, const std::string& name_space) {
  const std::string who =
      (other.name_space == name_space ? fmt::format("the task {}", to_string(other))
                                      : std::string("another task in another namespace")) +
      (is_older ? ", which is older," : ", which ran before,");
  if (claim.name_space.starts_with(kTopicAt)) {
    return fmt::format(
        "{} writes to the topic {} as well; make this task anew with another "
        "spec.sink.kafka.topic.name, or delete the other",
        who, claim.name);
  }
  return fmt::format(
      "{} reads {} with spec.source.serverId {} as well, and a source serves one reader "
      "of an id; give this task another, or leave it out",
      who, claim.name_space.substr(std::string_view(kServerIdAt).size()), claim.name);
}

}  // namespace

std::set<std::string> brokers_of(const json& task) {
  return brokers_in(kube::value_at(task, kSpec));
}

std::pair<std::string, std::string> age_of(const json& object) {
  return {kube::text_at(object, "/metadata/creationTimestamp"), kube::text_at(object, "/metadata/uid")};
}

std::vector<Key> claims_of(const json& task) {
  std::set<Key> claims = claims_in(task, kSpec);
  claims.merge(claims_in(task, kLastGoodSpec));
  return {claims.begin(), claims.end()};
}

std::optional<std::string> conflict_of(const json& task, const controller::ObjectStore& tasks) {
  const Key key = controller::key_of(task);
  for (const Key& claim : claims_in(task, kSpec)) {
    // Mostly it is this task's alone, which is not unpacked again for each.
    for (const Key& other : tasks.keys_of_group(claim)) {
      if (other == key) continue;
      const kube::ObjectPtr object = tasks.find(other);
      if (object && comes_before(*object, task, claim))
        return describe(claim, other, age_of(*object) < age_of(task), key.name_space);
    }
  }
  return std::nullopt;
}

}  // namespace rowtide::op::tasks
