#pragma once

#include <string>

#include "tracker/polardb/signature.h"

namespace rowtide::polardb {

/// What of a message of the API may be shown: without the string that it signed, which it quotes when the
/// signature is wrong, without AccessKeyId and SecurityToken of the request `sent`, on one line and of at
/// most 300 bytes. Pure.
[[nodiscard]] std::string told_of(std::string message, const Parameters& sent);

}  // namespace rowtide::polardb
