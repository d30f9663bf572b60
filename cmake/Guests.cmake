# SPDX-License-Identifier: GPL-2.0-or-later
# Our own guests: freestanding AArch64 programs, made into raw binaries build/guest/NAME.bin (NAME.elf has the symbols).
# They are built by a cross compiler beside the project's own, so by custom commands.

find_program(CCASIM_CROSS_CXX aarch64-linux-gnu-g++)
find_program(CCASIM_CROSS_OBJCOPY aarch64-linux-gnu-objcopy)
if(NOT CCASIM_CROSS_CXX OR NOT CCASIM_CROSS_OBJCOPY)
  ccasim_missing("aarch64-linux-gnu-g++" g++-aarch64-linux-gnu)
endif()

set(CCASIM_GUEST_DIR ${CMAKE_BINARY_DIR}/guest)
# -mno-outline-atomics: those need a library. -fno-tree-loop-distribute-patterns: memset must not become a call of
# itself. The prefix map keeps the binaries equal wherever the tree lies.
set(CCASIM_GUEST_FLAGS -std=c++20 -O2 -march=armv8-a -ffreestanding -nostdlib -static -no-pie -fno-pic -fno-exceptions
    -fno-rtti -fno-threadsafe-statics -fno-stack-protector -fno-asynchronous-unwind-tables
    -fno-tree-loop-distribute-patterns -mgeneral-regs-only -mstrict-align -mno-outline-atomics -Wall -Wextra -Wpedantic
    -Wconversion -Werror -I${CMAKE_SOURCE_DIR} -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)

# Compiles `sources` into objects; their paths are appended to the variable `out`.
function(ccasim_guest_objects out)
  set(objects)
  foreach(source IN LISTS ARGN)
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${CMAKE_SOURCE_DIR}/guest OUTPUT_VARIABLE name)
    set(object ${CCASIM_GUEST_DIR}/objects/${name}.o)
    cmake_path(GET object PARENT_PATH directory)
    file(MAKE_DIRECTORY ${directory})
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${CCASIM_CROSS_CXX} ${CCASIM_GUEST_FLAGS} -MMD -MF ${object}.d -c ${source} -o ${object}
      DEPENDS ${source}
      DEPFILE ${object}.d
      COMMENT "Building guest object ${name}"
      VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  set(${out} ${objects} PARENT_SCOPE)
endfunction()

file(GLOB runtime_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/guest/runtime/*.cpp
     ${CMAKE_SOURCE_DIR}/guest/runtime/*.S)
set(guest_link_script ${CMAKE_SOURCE_DIR}/guest/runtime/link.ld)
ccasim_guest_objects(runtime_objects ${runtime_sources})

set(guest_binaries)
# Every folder of guest/ with a main.cpp is a program.
file(GLOB guest_mains CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/guest/*/main.cpp)
foreach(main IN LISTS guest_mains)
  cmake_path(GET main PARENT_PATH program_dir)
  cmake_path(GET program_dir FILENAME program)
  file(GLOB program_sources CONFIGURE_DEPENDS ${program_dir}/*.cpp)
  ccasim_guest_objects(program_objects ${program_sources})
  set(elf ${CCASIM_GUEST_DIR}/${program}.elf)
  set(binary ${CCASIM_GUEST_DIR}/${program}.bin)
  add_custom_command(
    OUTPUT ${elf} ${binary}
    COMMAND ${CCASIM_CROSS_CXX} -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096
            -T ${guest_link_script} ${runtime_objects} ${program_objects} -o ${elf}
    COMMAND ${CCASIM_CROSS_OBJCOPY} -O binary ${elf} ${binary}
    DEPENDS ${runtime_objects} ${program_objects} ${guest_link_script}
    COMMENT "Linking guest ${program}"
    VERBATIM)
  list(APPEND guest_binaries ${binary})
endforeach()

# Payloads: programs for the machine's own CPUs, at NS-EL2. Every guest/payload/NAME.cpp is one; build/guest/payload/NAME.bin
# is for configs/fvp.json, build/guest/payload/NAME-moved.bin the same for a machine with another map.
set(payload_dir ${CMAKE_SOURCE_DIR}/guest/payload)
set(shared_sources)
foreach(shared IN ITEMS claims console exception gic memory psci)
  list(APPEND shared_sources ${CMAKE_SOURCE_DIR}/guest/runtime/${shared}.cpp)
endforeach()
ccasim_guest_objects(shared_objects ${shared_sources})
file(GLOB payload_runtime_sources CONFIGURE_DEPENDS ${payload_dir}/runtime/*.cpp ${payload_dir}/runtime/*.S)
ccasim_guest_objects(payload_runtime_objects ${payload_runtime_sources})
file(GLOB payload_sources CONFIGURE_DEPENDS ${payload_dir}/*.cpp)
file(MAKE_DIRECTORY ${CCASIM_GUEST_DIR}/payload)
foreach(source IN LISTS payload_sources)
  cmake_path(GET source STEM program)
  ccasim_guest_objects(program_objects ${source})
  foreach(map IN ITEMS "" "-moved")
    set(elf ${CCASIM_GUEST_DIR}/payload/${program}${map}.elf)
    set(binary ${CCASIM_GUEST_DIR}/payload/${program}${map}.bin)
    set(scripts ${payload_dir}/runtime/link.ld ${payload_dir}/runtime/map${map}.ld)
    add_custom_command(
      OUTPUT ${elf} ${binary}
      COMMAND ${CCASIM_CROSS_CXX} -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096
              -T ${payload_dir}/runtime/link.ld ${payload_dir}/runtime/map${map}.ld ${payload_runtime_objects}
              ${shared_objects} ${program_objects} -o ${elf}
      COMMAND ${CCASIM_CROSS_OBJCOPY} -O binary ${elf} ${binary}
      DEPENDS ${payload_runtime_objects} ${shared_objects} ${program_objects} ${scripts}
      COMMENT "Linking payload ${program}${map}"
      VERBATIM)
    list(APPEND guest_binaries ${binary})
  endforeach()
endforeach()
add_custom_target(ccasim_guests ALL DEPENDS ${guest_binaries})
