# SPDX-License-Identifier: Apache-2.0
# How a module, a tool and a test are declared. Sources are listed by name, never globbed.

# cp_add_module(NAME SOURCES a.cpp … DEPENDS base … LIBRARIES fmt::fmt …)
# makes the static library cp_NAME out of lib/NAME; DEPENDS are modules below it, LIBRARIES are foreign.
function(cp_add_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_library(cp_${name} STATIC ${arg_SOURCES})
  list(TRANSFORM arg_DEPENDS PREPEND cp_)
  target_link_libraries(cp_${name} PUBLIC cp_settings ${arg_DEPENDS} ${arg_LIBRARIES} PRIVATE cp_warnings)
  cp_use_precompiled(cp_${name} cp_precompiled)
endfunction()

# cp_add_tool(NAME SOURCES main.cpp … DEPENDS cli …)
# makes the program NAME and cp_tool_NAME, the library of all but its main, which tests can link.
function(cp_add_tool name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  list(TRANSFORM arg_DEPENDS PREPEND cp_)
  list(REMOVE_ITEM arg_SOURCES main.cpp)
  add_library(cp_tool_${name} STATIC ${arg_SOURCES})
  target_link_libraries(cp_tool_${name} PUBLIC cp_settings ${arg_DEPENDS} ${arg_LIBRARIES} PRIVATE cp_warnings)
  cp_use_precompiled(cp_tool_${name} cp_precompiled)
  add_executable(${name} main.cpp)
  target_link_libraries(${name} PRIVATE cp_tool_${name} cp_warnings)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  set_property(GLOBAL APPEND PROPERTY CP_TOOLS ${name})
endfunction()

# cp_add_test(MODULE LABEL unit|conformance SOURCES a_test.cpp … DEPENDS MODULE …)
# makes one Catch2 program; each of its test cases is a test of CTest; exit 77 is "skipped".
function(cp_add_test name)
  cmake_parse_arguments(arg "" "LABEL" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  list(TRANSFORM arg_DEPENDS PREPEND cp_)
  add_executable(${name}_test ${arg_SOURCES})
  target_link_libraries(${name}_test PRIVATE cp_test_main ${arg_DEPENDS} ${arg_LIBRARIES} cp_warnings)
  cp_use_precompiled(${name}_test cp_test_precompiled)
  add_dependencies(test_programs ${name}_test)
  set(limit 120)
  if(CP_SANITIZE)
    set(limit 400)
  endif()
  catch_discover_tests(${name}_test TEST_PREFIX "${name}:" DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${limit} SKIP_RETURN_CODE 77)
endfunction()

# cp_add_script_test([ALONE] LABEL tool|peer [TIMEOUT SECONDS] SCRIPTS a.sh …)
# runs each shell script as one test, named after its folder and its file, with the built tools first
# in PATH (tests/tools/harness.sh); exit 77 is "skipped". ALONE: nothing runs beside it, because it
# measures time.
function(cp_add_script_test)
  cmake_parse_arguments(arg "ALONE" "LABEL;TIMEOUT" "SCRIPTS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 240)
  endif()
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  foreach(script IN LISTS arg_SCRIPTS)
    get_filename_component(stem ${script} NAME_WE)
    string(REPLACE "_" " " sentence ${stem})
    add_test(NAME "${folder}: ${sentence}" COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/${script})
    set_tests_properties("${folder}: ${sentence}" PROPERTIES LABELS ${arg_LABEL} SKIP_RETURN_CODE 77
      TIMEOUT ${arg_TIMEOUT} RUN_SERIAL ${arg_ALONE}
      ENVIRONMENT "CP_BUILD=${PROJECT_BINARY_DIR};CP_SOURCE=${PROJECT_SOURCE_DIR}")
  endforeach()
endfunction()
