# SPDX-License-Identifier: Apache-2.0
# The headers that most sources include are parsed once: nlohmann/json.hpp alone costs 2 to 3 s in
# each of them. The preset dev does without, and so shows that each source includes what it uses.
option(CP_PRECOMPILE "Precompile the headers that most sources include" OFF)

set(CP_PRECOMPILED_HEADERS <algorithm> <array> <chrono> <functional> <map> <memory> <optional> <span>
  <stop_token> <string> <string_view> <thread> <vector> <fmt/core.h> <tl/expected.hpp> <nlohmann/json.hpp>)

# Sources of one target are compiled together, some at a time: what they all include, and what they
# all make of the same templates, costs once. Names in anonymous namespaces must therefore be unique in
# their module. The preset dev does without.
option(CP_JOIN_SOURCES "Compile the sources of a target in groups" OFF)
if(CP_JOIN_SOURCES)
  set(CMAKE_UNITY_BUILD ON)
  if(NOT DEFINED CMAKE_UNITY_BUILD_BATCH_SIZE)
    set(CMAKE_UNITY_BUILD_BATCH_SIZE 6)
  endif()
endif()

# cp_add_precompiled(NAME LIBRARIES … HEADERS …)  makes the object library that targets reuse.
function(cp_add_precompiled name)
  cmake_parse_arguments(arg "" "" "LIBRARIES;HEADERS" ${ARGN})
  if(CP_PRECOMPILE)
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${name}.cpp CONTENT "")
    add_library(${name} OBJECT ${PROJECT_BINARY_DIR}/${name}.cpp)
    # gcc takes it only where pedantic warnings are what they were when it was made.
    target_link_libraries(${name} PRIVATE cp_warnings fmt::fmt tl::expected nlohmann_json::nlohmann_json
      ${arg_LIBRARIES})
    target_precompile_headers(${name} PRIVATE ${CP_PRECOMPILED_HEADERS} ${arg_HEADERS})
  endif()
endfunction()

function(cp_use_precompiled target from)
  if(CP_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${from})
    # The first lets ccache see the precompiled header. The others guess at inlined code of the
    # standard library, and guess wrong; without a precompiled header gcc keeps that to itself.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess
      -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Wno-restrict>)
  endif()
endfunction()
