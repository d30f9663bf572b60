# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzers of inputs: tests/fuzz/input_NAME.cpp becomes the program fuzz_NAME, and a test that runs its seeds and mutants.
# `runs` mutants take about a second in a release build; seeds: ARGN, files and folders.
function(ccasim_input_fuzzer name runs libraries)
  add_executable(fuzz_${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/input_${name}.cpp)
  target_link_libraries(fuzz_${name} PRIVATE ${libraries})
  if(CCASIM_LIBFUZZER)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    return()
  endif()
  target_sources(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/input_driver.cpp)
  add_test(NAME "fuzz: ${name}" COMMAND fuzz_${name} --runs ${runs} tests/fuzz/corpus/${name} ${ARGN}
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties("fuzz: ${name}" PROPERTIES LABELS fuzz TIMEOUT 300)
endfunction()

if(TARGET ccasim_app)
  file(GLOB run_configs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/configs/*.json)
  list(FILTER run_configs EXCLUDE REGEX "/fvp\\.json$")
  ccasim_input_fuzzer(run_config 20000 ccasim_app ${run_configs})
  ccasim_input_fuzzer(platform_config 5000 ccasim_app configs/fvp.json)
  ccasim_input_fuzzer(command_line 10000 ccasim_app)
  ccasim_input_fuzzer(kernel 5000 ccasim_app)
  ccasim_input_fuzzer(boot 300 ccasim_host_vmm)
  ccasim_input_fuzzer(monitor_pages 2000 ccasim_bare)
  file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/configs/scripts/*.rmi)
  ccasim_input_fuzzer(rmi_script 1000 ccasim_bare ${scripts})
endif()

add_test(NAME "fuzz: refusals" COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tests/fuzz/refusals.py)
set_tests_properties("fuzz: refusals" PROPERTIES LABELS fuzz ENVIRONMENT CCASIM_FUZZ=$<TARGET_FILE:ccasim_fuzz>)
