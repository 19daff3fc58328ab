# SPDX-License-Identifier: Apache-2.0
# Every library that the project uses, as an imported target. A module links only those it needs.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
if(CP_PORTABLE)
  set(OPENSSL_USE_STATIC_LIBS ON)
endif()
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(tl-expected REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)

# A small library that starts with the tool is linked statically where the system has the archive:
# each shared object costs 0.2 to 0.5 ms at start-up.
function(cp_find_library target header archive shared)
  find_path(${target}_INCLUDE ${header} REQUIRED)
  find_library(${target}_LIB NAMES ${archive} ${shared} REQUIRED)
  add_library(cp_dep_${target} INTERFACE)
  target_include_directories(cp_dep_${target} SYSTEM INTERFACE ${${target}_INCLUDE})
  target_link_libraries(cp_dep_${target} INTERFACE ${${target}_LIB})
endfunction()

cp_find_library(sqlite sqlite3.h libsqlite3.a sqlite3)
target_link_libraries(cp_dep_sqlite INTERFACE ${CMAKE_DL_LIBS} Threads::Threads m)
cp_find_library(zstd zstd.h libzstd.a zstd)
cp_find_library(xxhash xxhash.h libxxhash.a xxhash)
cp_find_library(uring liburing.h liburing.a uring)
cp_find_library(simdjson simdjson.h libsimdjson.a simdjson)
cp_find_library(yaml yaml.h libyaml.a yaml)
cp_find_library(double_conversion double-conversion/double-conversion.h libdouble-conversion.a
  double-conversion)
# libhwloc is opened with dlopen when a machine is described: headers only.
find_path(CP_HWLOC_INCLUDE hwloc.h REQUIRED)
add_library(cp_dep_hwloc_headers INTERFACE)
target_include_directories(cp_dep_hwloc_headers SYSTEM INTERFACE ${CP_HWLOC_INCLUDE})
target_link_libraries(cp_dep_hwloc_headers INTERFACE ${CMAKE_DL_LIBS})
# libfabric, libibverbs and librdmacm are opened with dlopen when a fabric is used: headers only.
find_path(CP_LIBFABRIC_INCLUDE rdma/fabric.h REQUIRED)
add_library(cp_dep_libfabric_headers INTERFACE)
target_include_directories(cp_dep_libfabric_headers SYSTEM INTERFACE ${CP_LIBFABRIC_INCLUDE})
target_link_libraries(cp_dep_libfabric_headers INTERFACE ${CMAKE_DL_LIBS})
# libcurl, which brings some twenty libraries, is opened with dlopen at the first request: headers
# only.
find_path(CP_CURL_INCLUDE curl/curl.h REQUIRED)
add_library(cp_dep_curl_headers INTERFACE)
target_include_directories(cp_dep_curl_headers SYSTEM INTERFACE ${CP_CURL_INCLUDE})
target_link_libraries(cp_dep_curl_headers INTERFACE ${CMAKE_DL_LIBS})
# libssl is opened with dlopen when a connection or a server wants TLS: headers only.
add_library(cp_dep_openssl_headers INTERFACE)
target_include_directories(cp_dep_openssl_headers SYSTEM INTERFACE ${OPENSSL_INCLUDE_DIR})
target_link_libraries(cp_dep_openssl_headers INTERFACE ${CMAKE_DL_LIBS})
# libmicrohttpd, which brings GnuTLS, is opened with dlopen when a server starts: headers only.
find_path(CP_MICROHTTPD_INCLUDE microhttpd.h REQUIRED)
add_library(cp_dep_microhttpd_headers INTERFACE)
target_include_directories(cp_dep_microhttpd_headers SYSTEM INTERFACE ${CP_MICROHTTPD_INCLUDE})
target_link_libraries(cp_dep_microhttpd_headers INTERFACE ${CMAKE_DL_LIBS})

# toml++ is compiled into the one file that uses it: its shared library would start with every tool.
find_path(CP_TOML_INCLUDE toml++/toml.h REQUIRED)
add_library(cp_dep_toml INTERFACE)
target_include_directories(cp_dep_toml SYSTEM INTERFACE ${CP_TOML_INCLUDE})
target_compile_definitions(cp_dep_toml INTERFACE TOML_HEADER_ONLY=1)
# LEMON: its flows are templates, headers only.
find_path(CP_LEMON_INCLUDE lemon/network_simplex.h REQUIRED)
add_library(cp_dep_lemon INTERFACE)
target_include_directories(cp_dep_lemon SYSTEM INTERFACE ${CP_LEMON_INCLUDE})
