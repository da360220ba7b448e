# The only place with compiler flags. Every target links rowtide::flags.
add_library(rowtide_flags INTERFACE)
add_library(rowtide::flags ALIAS rowtide_flags)

target_include_directories(rowtide_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
target_compile_options(
  rowtide_flags
  INTERFACE -Wall
            -Wextra
            -Wpedantic
            -Wshadow
            -Wconversion
            -Wsign-conversion
            -Wold-style-cast
            -Wnon-virtual-dtor
            -Woverloaded-virtual
            -Wdouble-promotion
            -Wformat=2
            -Wimplicit-fallthrough
            # A path of the build machine never stands in a binary, and the compiler cache works across checkouts.
            -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
            -pthread)
# g++ 12 takes the standard's own std::stop_source for uninitialised when it optimises.
target_compile_options(rowtide_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op
                                               -Wno-maybe-uninitialized>)
if(CMAKE_UNITY_BUILD) # where a .cpp is included by another, g++ takes it for a header
  target_compile_options(rowtide_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
if(ROWTIDE_WERROR)
  target_compile_options(rowtide_flags INTERFACE -Werror)
endif()

# What checks the product while it runs. Tests are not compiled so, which would take three times as long; they only link it.
# So no class in a header may have another shape under AddressSanitizer (abseil's flat hash tables have).
add_library(rowtide_sanitized INTERFACE)
add_library(rowtide::sanitized ALIAS rowtide_sanitized)
if(ROWTIDE_FUZZ)
  target_compile_options(rowtide_sanitized INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(rowtide_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(ROWTIDE_SANITIZE STREQUAL "thread") # looks at every access, or reports what is none
  target_link_libraries(rowtide_flags INTERFACE rowtide_sanitized)
endif()
if(ROWTIDE_SANITIZE)
  target_compile_options(rowtide_sanitized INTERFACE -fsanitize=${ROWTIDE_SANITIZE} -fno-omit-frame-pointer
                                                     -fno-sanitize-recover=all)
  target_link_options(rowtide_flags INTERFACE -fsanitize=${ROWTIDE_SANITIZE})
endif()
