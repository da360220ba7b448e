#include "tracker/source/reader_identity.h"

#include <fmt/format.h>

#include "common/task/server_id.h"
#include "common/task/stable_hash.h"

namespace rowtide::source {
ReaderIdentity reader_identity(const task::Task& task) {
  const std::uint32_t server_id = task::effective_server_id(task);
  return {.server_id = server_id,
          .uuid = fmt::format("726f7774-6964-4000-8000-0000{:08x}", server_id),
          .label = "rowtide-" + task::stable_hash(task.identity())};
}

}  // namespace rowtide::source
