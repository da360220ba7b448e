#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "common/task/server_id.h"
#include "tracker/precheck/check_list.h"
#include "tracker/source/reader_identity.h"

namespace rowtide::precheck {
namespace {

Finding duplicate(std::string_view id, std::string observed) {
  return {
      .reason = "ServerIdTaken",
      .observed = std::move(observed),
      .expected = fmt::format("nobody but this task has the server id {}", id),
      .message = "of two readers with the same server id the source cuts one off, again and again",
      .repair = "set spec.source.serverId to a number that no server and no other reader of this source has"};
}

/// One, or as many as there may be readers over HTTP.
std::vector<std::uint32_t> ids_of(const task::Task& task) {
  const auto& stream = task.spec.sink.stream;
  if (!stream) return {task::effective_server_id(task)};
  std::vector<std::uint32_t> ids(static_cast<std::size_t>(stream->max_readers));
  std::iota(ids.begin(), ids.end(), task::first_reader_server_id(task));
  return ids;
}

}  // namespace

CheckItem check_server_id_unique(CheckContext& context) {
  const std::vector<std::uint32_t> ours = ids_of(context.task());
  const auto is_ours = [&](const std::string& id) {
    return std::any_of(ours.begin(), ours.end(),
                       [&](std::uint32_t each) { return std::to_string(each) == id; });
  };
  const std::string shown =
      ours.size() == 1 ? std::to_string(ours.front()) : fmt::format("{} to {}", ours.front(), ours.back());
  const absl::StatusOr<const source::ServerInfo*> facts = context.facts();
  if (!facts.ok()) return failed(facts.status(), "a server id of our own");
  const std::uint32_t of_source = (*facts)->server_id;
  if (is_ours(std::to_string(of_source)))
    return failed(
        duplicate(std::to_string(of_source), fmt::format("the source itself has server_id {}", of_source)));
  const absl::StatusOr<sql::Result> readers =
      context.session().query(source::show_replicas_statement(**facts));
  if (absl::IsPermissionDenied(readers.status())) {
    return passed(
        fmt::format("{}, the source has {}; the account may not list other readers", shown, of_source));
  }
  if (!readers.ok()) return failed(readers.status(), "the list of readers");
  const std::string label = source::reader_identity(context.task()).label;
  for (const sql::Row& row : readers->rows) {
    // Server id and host come first in every version; a tracker of this very task is no stranger.
    const std::string id = row.at(0).value_or("");
    const std::string host = row.at(1).value_or("");
    if (is_ours(id) && host != label)
      return failed(duplicate(id, fmt::format("the reader '{}' of this source has server id {}", host, id)));
  }
  return passed(fmt::format("{}, {} other readers", shown, readers->rows.size()));
}

}  // namespace rowtide::precheck
