# rowtide_library(NAME SOURCES a.cpp ... PUBLIC dep ... PRIVATE dep ...)
# One static library a folder, target rowtide_NAME, alias rowtide::NAME.
function(rowtide_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(rowtide_${name} STATIC ${ARG_SOURCES})
  add_library(rowtide::${name} ALIAS rowtide_${name})
  target_link_libraries(
    rowtide_${name}
    PUBLIC rowtide::flags ${ARG_PUBLIC}
    PRIVATE ${ARG_PRIVATE})
endfunction()

# rowtide_test(NAME LABEL label SOURCES a_test.cpp ... LIBS dep ... [TIMEOUT seconds] [SERIAL])
# One test program; each of its cases is one ctest test, found when ctest runs. SERIAL: all cases in one ctest
# test, for programs that share a costly server between their cases.
function(rowtide_test name)
  cmake_parse_arguments(ARG "SERIAL" "LABEL;TIMEOUT" "SOURCES;LIBS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE rowtide::flags ${ARG_LIBS} GTest::gmock GTest::gtest GTest::gtest_main)
  if(ARG_SERIAL)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT} RUN_SERIAL TRUE)
  else()
    gtest_discover_tests(
      ${name}
      DISCOVERY_MODE PRE_TEST
      PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
  endif()
endfunction()
