#pragma once

#include <string>

namespace rowtide::op::tasks {

/// A child that the API server did not take, or that somebody else owns: a reason, and the server's words.
struct Refusal {
  std::string reason;  ///< ChildRefused, NameTaken
  std::string message;
};

}  // namespace rowtide::op::tasks
