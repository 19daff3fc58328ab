# SPDX-License-Identifier: Apache-2.0
add_library(cp_warnings INTERFACE)
target_compile_options(cp_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wformat=2 -Wundef
  -Wno-missing-field-initializers)
if(CP_WARNINGS_AS_ERRORS)
  # gcc 12 takes an inlined std::variant or std::optional for uninitialised: told, not fatal.
  target_compile_options(cp_warnings INTERFACE -Werror
    $<$<CXX_COMPILER_ID:GNU>:-Wno-error=maybe-uninitialized>)
endif()
# GCC 12 takes std::stop_source and its kin for uninitialised at -Og; builds with -O2 still look.
target_compile_options(cp_warnings INTERFACE
  $<$<AND:$<CONFIG:Debug>,$<CXX_COMPILER_ID:GNU>>:-Wno-maybe-uninitialized>)
