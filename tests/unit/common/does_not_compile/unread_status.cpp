// A failure that nobody reads.
#include "absl/status/status.h"
#include "absl/status/statusor.h"

absl::Status save();
absl::StatusOr<int> count();

void forgetful() {
#ifdef UNREAD_STATUS
  save();
#elif defined(UNREAD_STATUS_OR)
  count();
#else
  save().IgnoreError();
#endif
}
