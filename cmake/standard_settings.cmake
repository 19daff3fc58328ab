# SPDX-License-Identifier: Apache-2.0
# Language, optimisation, hardening and instrumentation, the same for every target of the project.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1")

find_program(CP_CCACHE ccache)
if(CP_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without these words it does not cache what uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
    ${CP_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CP_CCACHE})
endif()

include(CheckPIESupported)
check_pie_supported(LANGUAGES C CXX)

add_library(cp_settings INTERFACE)
target_include_directories(cp_settings INTERFACE ${PROJECT_SOURCE_DIR}/lib)
target_compile_definitions(cp_settings INTERFACE CP_VERSION="${PROJECT_VERSION}" _FILE_OFFSET_BITS=64)
# Paths in diagnostics and __FILE__ do not depend on where the tree lies.
target_compile_options(cp_settings INTERFACE -ffile-prefix-map=${PROJECT_SOURCE_DIR}/= -fno-plt)

if(CP_SANITIZE)
  target_compile_options(cp_settings INTERFACE -fsanitize=${CP_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(cp_settings INTERFACE -fsanitize=${CP_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(cp_settings INTERFACE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
    -fstack-clash-protection)
  target_link_options(cp_settings INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
    -Wl,--gc-sections -Wl,-O1)
  target_compile_options(cp_settings INTERFACE -ffunction-sections -fdata-sections)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(cp_settings INTERFACE -fcf-protection)
  endif()
endif()
option(CP_FUZZ "Build the libFuzzer programs (clang)" OFF)
if(CP_FUZZ)
  # libFuzzer follows the edges of the libraries, too.
  target_compile_options(cp_settings INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CP_COVERAGE)
  target_compile_options(cp_settings INTERFACE --coverage)
  target_link_options(cp_settings INTERFACE --coverage)
endif()
if(CP_PORTABLE)
  target_link_options(cp_settings INTERFACE -static-libstdc++ -static-libgcc)
  # Debian has no archive of fmt, and its shared object would bring libstdc++ back.
  target_compile_definitions(cp_settings INTERFACE FMT_HEADER_ONLY=1)
endif()
