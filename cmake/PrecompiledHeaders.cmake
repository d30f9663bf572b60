# SPDX-License-Identifier: GPL-2.0-or-later
# Half of a build without them is the same headers, read again for every file. Only builds that are meant to be quick
# have them: the debug builds and clang's release show a file that does not include what it uses.

set(ccasim_pch_default OFF)
if(CMAKE_BUILD_TYPE STREQUAL "Sanitize" OR (CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release"))
  set(ccasim_pch_default ON)
endif()
option(CCASIM_PCH "Precompiled headers" ${ccasim_pch_default})

# What nearly every file of the house reads, and what changes seldom.
set(ccasim_pch_common
    <algorithm> <array> <bitset> <cstdint> <cstdio> <cstdlib> <cstring> <deque> <functional> <map> <memory> <optional>
    <set> <span> <string> <string_view> <tuple> <unordered_map> <utility> <variant> <vector>
    <fmt/format.h> <tl/expected.hpp>)

# ccasim_precompile(target [headers...]): the common ones and these, relative to the tree.
function(ccasim_precompile target)
  if(NOT CCASIM_PCH OR NOT TARGET ${target})
    return()
  endif()
  set(headers ${ccasim_pch_common})
  foreach(header IN LISTS ARGN)
    if(header MATCHES "^<")
      list(APPEND headers ${header})
    else()
      list(APPEND headers ${CMAKE_SOURCE_DIR}/${header})
    endif()
  endforeach()
  target_precompile_headers(${target} PRIVATE ${headers})
  # For ccache.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  else()
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()
