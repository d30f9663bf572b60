# SPDX-License-Identifier: GPL-2.0-or-later
# Compilers that are known to build the tree, and what the build types mean here.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR "g++ ${CMAKE_CXX_COMPILER_VERSION} is too old. Install g++-12 or newer (Debian package g++).")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  message(FATAL_ERROR "clang++ ${CMAKE_CXX_COMPILER_VERSION} is too old. Install clang 14 or newer (Debian package clang).")
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

# A release build keeps its assertions: they guard what must never happen, such as a fiber switch inside the engine.
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")

option(CCASIM_LTO "Link-time optimisation" OFF)
set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ${CCASIM_LTO})

find_program(CCASIM_CCACHE ccache)
if(CCASIM_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers need the sloppiness.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCASIM_CCACHE})
endif()
