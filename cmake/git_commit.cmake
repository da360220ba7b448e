# cmake -DROOT=... -DCOMMIT=... -DFILE=... -P: writes FILE, which defines git_commit() of common/version.h, where it would
# change. COMMIT, where it is given, is believed: an image is built without its checkout's history.
set(commit "${COMMIT}")
if(NOT commit)
  # A release's tarball may be unpacked inside the checkout of something else.
  if(EXISTS ${ROOT}/.git)
    execute_process(
      COMMAND git -C ${ROOT} -c safe.directory=${ROOT} describe --always --dirty --abbrev=12 --exclude=*
      OUTPUT_VARIABLE commit
      OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
  if(NOT commit)
    set(commit unknown)
  endif()
endif()
if(NOT commit MATCHES "^[0-9a-z-]+$")
  message(FATAL_ERROR "ROWTIDE_COMMIT is '${commit}'; give a git commit's digits, '-dirty' after them, or 'unknown'")
endif()
file(CONFIGURE OUTPUT ${FILE} CONTENT [[
#include "common/version.h"

std::string_view rowtide::git_commit() { return "@commit@"; }
]] @ONLY)
