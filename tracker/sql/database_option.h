#pragma once

#include "tracker/sql/lexer.h"

namespace rowtide::sql {

/// ALTER DATABASE may leave the name out: whether an option stands where `lexer` is.
[[nodiscard]] bool begins_database_option(Lexer lexer);

}  // namespace rowtide::sql
