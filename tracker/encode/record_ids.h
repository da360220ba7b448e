#pragma once

#include <algorithm>
#include <cstdint>

#include "tracker/encode/encoder.h"

namespace rowtide::encode {

/// Numbers for records that ascend over restarts as well: microseconds of the time, or the last number and
/// one.
class RecordIds {
 public:
  std::int64_t next(const ChangeOrigin& origin) {
    last_ = std::max(last_ + 1, origin.processed_timestamp_us);
    return last_;
  }

 private:
  std::int64_t last_ = 0;
};

}  // namespace rowtide::encode
