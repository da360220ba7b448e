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

# rowtide_test(NAME LABEL label SOURCES a_test.cpp ... LIBS dep ... [TIMEOUT seconds] [COST seconds] [SHARDS n])
# One test program, which is one ctest test: programs run side by side, so each has servers and ports of its own. COST:
# about how long it takes; the longest begin first. SHARDS: n ctest tests, NAME_1 and on, with every nth case each, for a
# program that would be the last to end; n is the number of servers that its cases are for, so that each shard starts one.
function(rowtide_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT;COST;SHARDS" "SOURCES;LIBS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE rowtide::flags ${ARG_LIBS} GTest::gmock GTest::gtest GTest::gtest_main)
  # Link options stand before the program's own files.
  target_link_options(${name} PRIVATE $<TARGET_OBJECTS:rowtide_test_json>)
  set_target_properties(${name} PROPERTIES LINK_DEPENDS $<TARGET_OBJECTS:rowtide_test_json>)
  add_dependencies(${name} rowtide_test_json)
  rowtide_use_precompiled(${name} test_precompiled)
  if(ARG_SHARDS)
    rowtide_shards(${name} ${ARG_SHARDS} tests)
  else()
    set(tests ${name})
    add_test(NAME ${name} COMMAND ${name})
  endif()
  set_tests_properties(${tests} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
  if(ARG_COST)
    set_tests_properties(${tests} PROPERTIES COST ${ARG_COST})
  endif()
endfunction()

# Each shard runs by a name of its own, after which GoogleTest names its report.
function(rowtide_shards name count names)
  foreach(shard RANGE 1 ${count})
    set(link ${CMAKE_CURRENT_BINARY_DIR}/${name}_${shard})
    file(CREATE_LINK ${name} ${link} SYMBOLIC)
    math(EXPR index "${shard} - 1")
    add_test(NAME ${name}_${shard} COMMAND ${link})
    set_tests_properties(${name}_${shard} PROPERTIES ENVIRONMENT "GTEST_TOTAL_SHARDS=${count};GTEST_SHARD_INDEX=${index}")
    list(APPEND tests ${name}_${shard})
  endforeach()
  set(${names} ${tests} PARENT_SCOPE)
endfunction()

# rowtide_python_test(NAME LABEL SECONDS PROGRAM ARGUMENT...): PROGRAM prints "PASSED FAILED" as its last line; SECONDS is about how long
# it takes.
function(rowtide_python_test name label seconds program)
  add_test(NAME ${name} COMMAND python3 ${PROJECT_SOURCE_DIR}/tests/support/python_test.py ${name}
                                ${CMAKE_CURRENT_SOURCE_DIR}/${program} ${ARGN})
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 600 COST ${seconds})
endfunction()
