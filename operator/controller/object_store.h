#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "operator/kube/resource.h"
#include "operator/kube/watcher.h"

namespace rowtide::op::controller {

using Key = kube::ObjectKey;
using kube::ObjectPtr;

/// An object appeared (before == nullptr), changed, or vanished (after == nullptr).
struct Change {
  Key key;
  ObjectPtr before;
  ObjectPtr after;
};

/// By which keys objects are looked up together, such as that of the primary object that they belong to.
using GroupsOf = std::function<std::vector<Key>(const nlohmann::json& object)>;

/// The newest known state of one kind's objects, packed: a tree of JSON is ten times its text, and most
/// objects are looked at seldom. Readers get immutable snapshots, each made for them. Thread-safe; written by
/// one watcher, or by several of namespaces of their own.
class ObjectStore final : public kube::WatchSink {
 public:
  /// `groups_of` says to which groups an object belongs, once for each state of it.
  /// `on_change` runs on the thread of the object's watcher with no lock held, after the store has changed; a
  /// relist calls it only for objects whose resourceVersion differs.
  explicit ObjectStore(std::function<void(const Change&)> on_change = {}, GroupsOf groups_of = {});

  /// nullptr if there is no such object.
  ObjectPtr find(const Key& key) const;
  /// Its resourceVersion, for which it is not unpacked; empty if there is no such object.
  std::string version_of(const Key& key) const;
  /// The group's objects, ordered by key. Looks at no others.
  std::vector<ObjectPtr> of_group(const Key& group) const;
  std::vector<Key> keys_of_group(const Key& group) const;
  /// Each object, ordered by key, one at a time: as trees all of them together would be most of the memory.
  void for_each(const std::function<void(const nlohmann::json& object)>& look) const;
  std::vector<Key> keys() const;
  std::size_t size() const;

  void replace(const std::string& name_space, std::vector<ObjectPtr> objects) override;
  void upsert(ObjectPtr object) override;
  void remove(ObjectPtr last_state) override;

 private:
  using Packed = std::shared_ptr<const std::vector<std::uint8_t>>;  ///< MessagePack
  struct Entry {
    Packed object;
    std::string resource_version;
    std::vector<Key> groups;
  };
  std::set<Key> keys_in(const std::string& name_space) const;
  static Packed pack(const nlohmann::json& object);
  static ObjectPtr unpack(const Packed& packed);
  static std::vector<ObjectPtr> unpack_all(const std::vector<Packed>& packed);
  Change put(const Key& key, const ObjectPtr& object);
  std::optional<Change> drop(const Key& key);

  const std::function<void(const Change&)> on_change_;
  const GroupsOf groups_of_;
  mutable std::mutex mutex_;
  std::map<Key, Entry> objects_;
  std::map<Key, std::set<Key>> groups_;
};

/// metadata.namespace and metadata.name; empty strings where they are missing.
Key key_of(const nlohmann::json& object);

}  // namespace rowtide::op::controller
