#pragma once

#include "rowtide/change.h"
#include "rowtide/options.h"

namespace rowtide {
inline namespace v1 {

[[nodiscard]] bool passes(const Filter& filter, const Change& change);

}  // namespace v1
}  // namespace rowtide
