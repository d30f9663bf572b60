# SPDX-License-Identifier: GPL-2.0-or-later
# Every dependency is a Debian package; scripts/setup installs what is missing.
function(ccasim_missing what package)
  message(FATAL_ERROR "${what} not found. Run scripts/setup, or install the Debian package ${package}.")
endfunction()

find_package(PkgConfig)
if(NOT PkgConfig_FOUND)
  ccasim_missing("pkg-config" pkg-config)
endif()

function(ccasim_pkg name module version package)
  pkg_check_modules(${name} IMPORTED_TARGET ${module}>=${version})
  if(NOT ${name}_FOUND)
    ccasim_missing("${module} >= ${version}" ${package})
  endif()
  add_library(ccasim::${name} INTERFACE IMPORTED)
  target_link_libraries(ccasim::${name} INTERFACE PkgConfig::${name})
endfunction()

ccasim_pkg(unicorn unicorn 2.1.4 "libunicorn-dev (>= 2.1.4, from a newer Debian suite)")
ccasim_pkg(capstone capstone 4.0 libcapstone-dev)
ccasim_pkg(cbor libcbor 0.8 libcbor-dev)
ccasim_pkg(gcrypt libgcrypt 1.10 libgcrypt20-dev)
ccasim_pkg(zstd libzstd 1.5 libzstd-dev)

find_library(FDT_LIBRARY fdt)
find_path(FDT_INCLUDE libfdt.h)
if(NOT FDT_LIBRARY OR NOT FDT_INCLUDE)
  ccasim_missing("libfdt" libfdt-dev)
endif()
add_library(ccasim::fdt INTERFACE IMPORTED)
target_link_libraries(ccasim::fdt INTERFACE ${FDT_LIBRARY})
target_include_directories(ccasim::fdt INTERFACE ${FDT_INCLUDE})

foreach(dep "Boost;1.74;libboost-context-dev libboost-program-options-dev" "fmt;9.0;libfmt-dev" "nlohmann_json;3.11;nlohmann-json3-dev"
            "tl-expected;1.0;libexpected-dev" "ZLIB;1.2;zlib1g-dev" "Catch2;3.4;catch2 (>= 3, from backports)")
  list(GET dep 0 name)
  list(GET dep 1 version)
  list(GET dep 2 package)
  if(name STREQUAL "Boost")
    find_package(Boost ${version} COMPONENTS context program_options)
  else()
    find_package(${name} ${version})
  endif()
  if(NOT ${name}_FOUND)
    ccasim_missing("${name} >= ${version}" "${package}")
  endif()
endforeach()

# A static library: one built for a newer C library, from a newer Debian suite, is found but cannot be linked.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_LIBRARIES Catch2::Catch2WithMain)
check_cxx_source_compiles(
  "#include <catch2/catch_test_macros.hpp>\nTEST_CASE(\"links\") { REQUIRE(true); }" CCASIM_CATCH2_LINKS)
unset(CMAKE_REQUIRED_LIBRARIES)
if(NOT CCASIM_CATCH2_LINKS)
  unset(CCASIM_CATCH2_LINKS CACHE)
  message(FATAL_ERROR "Catch2 ${Catch2_VERSION} does not link with this compiler: it was probably built for a newer "
                      "system. Run scripts/setup, or install libcatch2-dev from this Debian release's backports.")
endif()
