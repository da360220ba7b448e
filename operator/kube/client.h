#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "operator/kube/resource.h"
#include "operator/kube/transport.h"

namespace rowtide::op::kube {

struct ListOptions {
  std::string name_space;      // empty: all namespaces
  std::string label_selector;  // as kubectl -l; empty: all
  std::string field_selector;
  int page_size = 500;
};

/// Items carry apiVersion and kind even where the server leaves them out of lists.
struct ObjectList {
  std::vector<nlohmann::json> items;
  std::string resource_version;  // where a watch may go on from
};

struct RemoveOptions {
  std::string uid;               // delete only that very object; empty: whichever has the name
  std::string resource_version;  // delete only in that state
};

/// What the operator asks of the API server, one HTTP request a call (list: one a page). Thread-safe; the
/// transport must outlive it. Errors as in errors.h; an object or answer that is not what its kind says is
/// InvalidArgument or Internal.
class Client {
 public:
  explicit Client(Transport& transport, std::string field_manager = "rowtide-operator");

  absl::StatusOr<nlohmann::json> get(const ResourceType& type, const ObjectKey& key);

  /// All pages of one state. If the continue token expires midway (410) the list starts anew, once, in one
  /// piece.
  absl::StatusOr<ObjectList> list(const ResourceType& type, const ListOptions& options = {});

  /// POST; AlreadyExists if the name is taken. metadata.generateName is allowed instead of a name.
  absl::StatusOr<nlohmann::json> create(const ResourceType& type, const nlohmann::json& object);

  /// Server-side apply as the field manager, with force. Applying the same again changes nothing.
  absl::StatusOr<nlohmann::json> apply(const ResourceType& type, const nlohmann::json& object);

  /// Merge patch of /status with {"status": status}: a null deletes a field, an array is replaced as a whole.
  /// With `resource_version`: Aborted if the object has changed since. The object's kind must have the status
  /// subresource.
  absl::StatusOr<nlohmann::json> patch_status(const ResourceType& type, const ObjectKey& key,
                                              const nlohmann::json& status,
                                              std::string_view resource_version = {});

  /// Merge patch of the object itself, if it is still in the state of `resource_version`: Aborted else.
  absl::StatusOr<nlohmann::json> patch(const ResourceType& type, const ObjectKey& key, nlohmann::json patch,
                                       std::string_view resource_version);

  /// Background propagation: what the object owns is collected by the server. NotFound if it is gone already.
  absl::Status remove(const ResourceType& type, const ObjectKey& key, const RemoveOptions& options = {});

 private:
  absl::StatusOr<Response> send(const Request& request, std::string_view what);
  absl::StatusOr<nlohmann::json> send_json(const Request& request, std::string_view what);
  absl::StatusOr<ObjectList> list_pages(const ResourceType& type, const ListOptions& options, int page_size);

  Transport& transport_;
  const std::string field_manager_;
};

}  // namespace rowtide::op::kube
