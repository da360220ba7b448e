#include "rowtide/error.h"

#include <utility>

namespace rowtide {
inline namespace v1 {

Error::Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

Error::Error(ErrorCode code, const std::string& message, std::string topic, std::int32_t partition,
             std::int64_t offset)
    : std::runtime_error(message),
      code_(code),
      topic_(std::move(topic)),
      partition_(partition),
      offset_(offset) {}

Error::~Error() = default;

}  // namespace v1
}  // namespace rowtide
