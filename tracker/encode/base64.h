#pragma once

#include <string>
#include <string_view>

namespace rowtide::encode {

/// Appends standard base64 with padding, without line breaks.
void append_base64(std::string& out, std::string_view bytes);

}  // namespace rowtide::encode
