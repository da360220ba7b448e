#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
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

/// The newest known state of one kind's objects. Readers get immutable snapshots that stay valid for as long
/// as they are held. Thread-safe; written by one watcher.
class ObjectStore final : public kube::WatchSink {
 public:
  /// `on_change` runs on the watcher's thread with no lock held, after the store has changed; a relist calls
  /// it only for objects whose resourceVersion differs.
  explicit ObjectStore(std::function<void(const Change&)> on_change = {});

  /// nullptr if there is no such object.
  ObjectPtr find(const Key& key) const;
  /// Objects whose controller ownerReference has this uid, ordered by key.
  std::vector<ObjectPtr> owned_by(std::string_view uid) const;
  /// Objects that `matches`, ordered by key. For rare lookups: looks at each object.
  std::vector<ObjectPtr> select(const std::function<bool(const nlohmann::json&)>& matches) const;
  std::vector<ObjectPtr> all() const;
  std::size_t size() const;

  void replace(std::vector<ObjectPtr> objects) override;
  void upsert(ObjectPtr object) override;
  void remove(ObjectPtr last_state) override;

 private:
  struct Entry {
    ObjectPtr object;
    std::string resource_version;
    std::string owner_uid;
  };
  Change put(const Key& key, ObjectPtr object);
  std::optional<Change> drop(const Key& key);

  const std::function<void(const Change&)> on_change_;
  mutable std::mutex mutex_;
  std::map<Key, Entry> objects_;
  std::map<std::string, std::set<Key>> by_owner_;
};

/// metadata.namespace and metadata.name; empty strings where they are missing.
Key key_of(const nlohmann::json& object);

}  // namespace rowtide::op::controller
