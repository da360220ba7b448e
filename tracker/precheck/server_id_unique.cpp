#include <fmt/format.h>

#include "tracker/precheck/check_list.h"
#include "tracker/source/reader_identity.h"

namespace rowtide::precheck {
namespace {

Finding duplicate(std::uint32_t id, std::string observed) {
  return {
      .reason = "ServerIdTaken",
      .observed = std::move(observed),
      .expected = fmt::format("nobody but this task has the server id {}", id),
      .message = "of two readers with the same server id the source cuts one off, again and again",
      .repair = "set spec.source.serverId to a number that no server and no other reader of this source has"};
}

}  // namespace

CheckItem check_server_id_unique(CheckContext& context) {
  const source::ReaderIdentity ours = source::reader_identity(context.task());
  const absl::StatusOr<const source::ServerInfo*> facts = context.facts();
  if (!facts.ok()) return failed(facts.status(), "a server id of our own");
  if ((*facts)->server_id == ours.server_id) {
    return failed(
        duplicate(ours.server_id, fmt::format("the source itself has server_id {}", ours.server_id)));
  }
  const absl::StatusOr<sql::Result> readers =
      context.session().query(source::show_replicas_statement(**facts));
  if (absl::IsPermissionDenied(readers.status())) {
    return passed(fmt::format("{}, the source has {}; the account may not list other readers", ours.server_id,
                              (*facts)->server_id));
  }
  if (!readers.ok()) return failed(readers.status(), "the list of readers");
  for (const sql::Row& row : readers->rows) {
    // Server id and host come first in every version; a tracker of this very task is no stranger.
    const std::string host = row.at(1).value_or("");
    if (row.at(0).value_or("") == std::to_string(ours.server_id) && host != ours.label) {
      return failed(duplicate(ours.server_id, fmt::format("the reader '{}' of this source has server id {}",
                                                          host, ours.server_id)));
    }
  }
  return passed(fmt::format("{}, {} other readers", ours.server_id, readers->rows.size()));
}

}  // namespace rowtide::precheck
