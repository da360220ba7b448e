#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// The two ways on from a call that may fail, for functions that return a Status or a StatusOr: its failure is
// returned as it is, or the function goes on.
//
//   RETURN_IF_ERROR(session.ping());
//   ASSIGN_OR_RETURN(const Table table, catalog.read(name));
//
// absl::Status and absl::StatusOr are [[nodiscard]], and warnings are errors: a failure that nobody reads
// does not compile. Where one is to be passed over, `.IgnoreError()` says so, with the reason beside it.

#define RETURN_IF_ERROR(...)                                                          \
  do {                                                                                \
    if (absl::Status try_status = (__VA_ARGS__); !try_status.ok()) return try_status; \
  } while (false)

#define ASSIGN_OR_RETURN(declaration, ...) \
  ROWTIDE_ASSIGN_OR_RETURN(ROWTIDE_CONCAT(try_result_, __LINE__), declaration, __VA_ARGS__)

#define ROWTIDE_ASSIGN_OR_RETURN(result, declaration, ...) \
  auto result = (__VA_ARGS__);                             \
  if (!result.ok()) return std::move(result).status();     \
  declaration = *std::move(result)

#define ROWTIDE_CONCAT(a, b) ROWTIDE_CONCAT_TOKENS(a, b)
#define ROWTIDE_CONCAT_TOKENS(a, b) a##b
