# SPDX-License-Identifier: GPL-2.0-or-later
include(Catch)

# Makes the cases of test_<wing> that match `spec` tests of their own, with a label. Catch2 answers 4 when every case
# that ran was skipped.
function(ccasim_discover wing spec label)
  catch_discover_tests(
    test_${wing}
    TEST_SPEC "${spec}"
    TEST_PREFIX "${wing}: "
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS ${label} SKIP_RETURN_CODE 4 TIMEOUT 900)
endfunction()

# tests/<wing>/*.cpp make one Catch2 program test_<wing>; a wing's tests see only what that wing may see. Each TEST_CASE
# is a test of its own, so that a crash costs one case and the count is of cases. The label is the wing's name, unless
# LABEL gives another; HEADERS are precompiled too.
function(ccasim_tests wing)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" LABEL HEADERS)
  if(NOT arg_LABEL)
    set(arg_LABEL ${wing})
  endif()
  file(GLOB_RECURSE found CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${wing}/*.cpp)
  foreach(lib IN LISTS arg_UNPARSED_ARGUMENTS)
    if(NOT TARGET ${lib})
      return()
    endif()
  endforeach()
  if(NOT found)
    return()
  endif()
  add_executable(test_${wing} ${found})
  target_link_libraries(test_${wing} PRIVATE ${arg_UNPARSED_ARGUMENTS} Catch2::Catch2WithMain)
  set(catch <catch2/catch_test_macros.hpp> <catch2/generators/catch_generators_range.hpp>
            <catch2/matchers/catch_matchers_string.hpp>)
  ccasim_precompile(test_${wing} ${catch} ${arg_HEADERS})
  # Assertions take the compiler twice as long optimised, and run no faster.
  target_compile_options(test_${wing} PRIVATE -O0)
  # The tag [slow] becomes the label "slow", by which the quick tier of .ci/run leaves a case out.
  ccasim_discover(${wing} "~[slow]" ${arg_LABEL})
  ccasim_discover(${wing} "[slow]" slow)
endfunction()

# Rules about the tree itself, and the self-tests of what holds them.
find_package(Python3 3.9 COMPONENTS Interpreter)
if(NOT Python3_FOUND)
  ccasim_missing("python3 >= 3.9" python3)
endif()
foreach(rule arrows house_rules)
  foreach(part tree self-test)
    add_test(NAME "${rule}: ${part}" COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tests/arrows/${rule}.py ${part}
             WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties("${rule}: ${part}" PROPERTIES LABELS tree)
  endforeach()
endforeach()

add_test(NAME "kinds: self-test" COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tests/kinds.py self-test)
set_tests_properties("kinds: self-test" PROPERTIES LABELS tree)

# The generator of scripts/mutate; 4: there is no clang.
foreach(part self-test table)
  add_test(NAME "mutation: ${part}" COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tests/mutation/self_test.py ${part})
  set_tests_properties("mutation: ${part}" PROPERTIES LABELS tree SKIP_RETURN_CODE 4)
endforeach()

# The judge in another language, and what it says of the monitor's measurements.
add_test(NAME "verifier: all" COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tests/verifier/run_all.py
         $<$<TARGET_EXISTS:ccasim>:$<TARGET_FILE:ccasim>> COMMAND_EXPAND_LISTS)
set_tests_properties("verifier: all" PROPERTIES LABELS verifier COST 60) # long ones first
if(TARGET ccasim)
  add_test(NAME "verifier: linux token" COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tests/verifier/linux_token.py
                                                $<TARGET_FILE:ccasim>)
  set_tests_properties("verifier: linux token" PROPERTIES LABELS "verifier;slow" SKIP_RETURN_CODE 4 TIMEOUT 900)
endif()

# The program from outside, as a person or a script drives it. 4: everything was skipped (no Linux kernel in the cache).
if(TARGET ccasim)
  foreach(part input output endings terminal trace summary payload rmi_script linux linux_shell)
    add_test(NAME "cli: ${part}" COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tests/app/cli/run.py test_${part})
    set_tests_properties("cli: ${part}" PROPERTIES LABELS cli ENVIRONMENT CCASIM_BINARY=$<TARGET_FILE:ccasim>
                                                   SKIP_RETURN_CODE 4 TIMEOUT 900)
  endforeach()
  # Boots, and measures wall time.
  set_tests_properties("cli: linux" "cli: linux_shell" PROPERTIES LABELS "cli;slow" TIMEOUT 2400)
  set_tests_properties("cli: linux" PROPERTIES COST 90)
  set_tests_properties("cli: linux_shell" PROPERTIES RUN_SERIAL TRUE)
endif()

# The bench measures what it is to compare; no time is judged.
if(TARGET ccasim_bench)
  add_test(NAME "bench: smoke" COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tests/bench/smoke.py
                                       $<TARGET_FILE:ccasim_bench>)
  set_tests_properties("bench: smoke" PROPERTIES LABELS bench)
endif()
