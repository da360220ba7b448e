#pragma once

namespace rowtide::test {

/// A TCP port of the loopback interface that nobody has and that nobody else is given soon
/// (scripts/free-port.sh). For programs that cannot take port 0. Throws when there is none.
[[nodiscard]] int free_port();

}  // namespace rowtide::test
