# SPDX-License-Identifier: GPL-2.0-or-later
add_library(ccasim_warnings INTERFACE)
target_compile_options(ccasim_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Werror)
add_library(ccasim::warnings ALIAS ccasim_warnings)
