# rowtide_library(NAME SOURCES a.cpp ... PUBLIC dep ... PRIVATE dep ...)
# One static library a folder, target rowtide_NAME, alias rowtide::NAME.
function(rowtide_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(rowtide_${name} STATIC ${ARG_SOURCES})
  add_library(rowtide::${name} ALIAS rowtide_${name})
  target_link_libraries(
    rowtide_${name}
    PUBLIC rowtide::flags ${ARG_PUBLIC}
    PRIVATE rowtide::sanitized ${ARG_PRIVATE})
  rowtide_use_precompiled(rowtide_${name} precompiled)
endfunction()

# rowtide_program(NAME LIBS dep ...): the product's program of main.cpp.
function(rowtide_program name)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  add_executable(${name} main.cpp)
  target_link_libraries(${name} PRIVATE rowtide::flags rowtide::sanitized ${ARG_LIBS})
  rowtide_use_precompiled(${name} precompiled)
  install(TARGETS ${name} RUNTIME)
endfunction()

# rowtide_test(NAME LABEL label SOURCES a_test.cpp ... LIBS dep ... [TIMEOUT seconds] [COST seconds])
# One test program, which is one ctest test: programs run side by side, so each has servers and ports of its own. COST:
# about how long it takes; the longest begin first.
function(rowtide_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT;COST" "SOURCES;LIBS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE rowtide::flags ${ARG_LIBS} GTest::gmock GTest::gtest GTest::gtest_main)
  rowtide_use_precompiled(${name} test_precompiled)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
  if(ARG_COST)
    set_tests_properties(${name} PROPERTIES COST ${ARG_COST})
  endif()
endfunction()
