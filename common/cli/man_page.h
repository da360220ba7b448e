#pragma once

#include <string>
#include <string_view>

#include "common/cli/command_table.h"

namespace rowtide::cli {

struct ManPage {
  int section = 1;            ///< 1: a command of everybody's, 8: an administrator's
  std::string_view see_also;  ///< another page, "rowtide-operator(8)"
};

/// The page in man(7)'s macros.
[[nodiscard]] std::string man_page(const Command& program, const ManPage& page);

}  // namespace rowtide::cli
