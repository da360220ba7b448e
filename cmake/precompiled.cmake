# Headers that nearly every file includes, compiled once for the product (rowtide::precompiled) and once for the
# tests (rowtide::test_precompiled). Only headers of the system: they do not change while one works. With g++ nothing
# is precompiled, and each file still includes what it uses.
#
# Not target_precompile_headers(): what that makes names the checkout's path and is of no use to another checkout that
# shares the compiler cache. This one is compiled from /dev/null, which is everywhere.
function(rowtide_precompiled name)
  cmake_parse_arguments(ARG "" "" "LIBS;HEADERS" ${ARGN})
  add_library(rowtide_${name} INTERFACE)
  add_library(rowtide::${name} ALIAS rowtide_${name})
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    return()
  endif()
  set(file ${name}_headers)
  add_library(${file} OBJECT /dev/null)
  set_source_files_properties(/dev/null PROPERTIES LANGUAGE CXX)
  target_link_libraries(${file} PRIVATE rowtide::flags ${ARG_LIBS})
  list(TRANSFORM ARG_HEADERS PREPEND "SHELL:-include ")
  target_compile_options(${file} PRIVATE -xc++-header ${ARG_HEADERS} -fpch-instantiate-templates
                                         "SHELL:-Xclang -fno-pch-timestamp")
  # Where CMake puts the "object": named here because OBJECT_DEPENDS below takes no generator expression.
  set(object ${PROJECT_BINARY_DIR}/CMakeFiles/${file}.dir/dev/null.o)
  target_compile_options(rowtide_${name} INTERFACE "SHELL:-Xclang -include-pch -Xclang ${object}")
  set_target_properties(rowtide_${name} PROPERTIES INTERFACE_ROWTIDE_OBJECT ${object})
endfunction()

# rowtide_use_precompiled(TARGET NAME): for the sources that the target has so far.
function(rowtide_use_precompiled target name)
  target_link_libraries(${target} PRIVATE rowtide::${name})
  get_target_property(object rowtide::${name} INTERFACE_ROWTIDE_OBJECT)
  if(object)
    get_target_property(sources ${target} SOURCES)
    set_source_files_properties(${sources} PROPERTIES OBJECT_DEPENDS ${object})
  endif()
endfunction()

rowtide_precompiled(
  precompiled
  LIBS rowtide::sanitized fmt::fmt spdlog::spdlog nlohmann_json::nlohmann_json absl::statusor
  HEADERS absl/status/statusor.h
          algorithm
          chrono
          fmt/format.h
          functional
          map
          memory
          nlohmann/json.hpp
          optional
          set
          spdlog/spdlog.h
          string
          string_view
          thread
          vector)

if(ROWTIDE_BUILD_TESTS)
  rowtide_precompiled(
    test_precompiled
    LIBS fmt::fmt nlohmann_json::nlohmann_json absl::statusor GTest::gmock GTest::gtest
    HEADERS absl/status/statusor.h
            algorithm
            chrono
            filesystem
            fmt/format.h
            fstream
            functional
            gmock/gmock.h
            gtest/gtest.h
            map
            memory
            nlohmann/json.hpp
            optional
            random
            set
            string
            string_view
            thread
            vector)
endif()
