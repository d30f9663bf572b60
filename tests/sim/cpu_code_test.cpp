// SPDX-License-Identifier: GPL-2.0-or-later
// Translated code must follow what is written to its memory.
#include <catch2/catch_test_macros.hpp>

#include "sim/cpu/unicorn/host_time.h"
#include "tests/sim/cpu_machine.h"

using namespace a64;
using namespace cpu_test;
using abi::SysReg;

namespace {

constexpr std::uint64_t kFunction = Machine::kRam + 0x2000;
constexpr auto kIcIvau = abi::sysreg_key(1, 3, 7, 5, 1);

Program call_function() {
  Program p;
  append_mov(p, 9, kFunction);
  append(p, {blr(9), hvc(0)});
  return p;
}

}  // namespace

TEST_CASE("A native write to translated code is seen at the next entry, by every CPU") {
  Machine m;
  sim::Cpu& other = m.cpus.cpu(m.cpus.create().value);
  m.load(kFunction, {movz(0, 1), kRet});
  m.run(call_function());
  other.set_pc(Machine::kRam);
  m.resume(other);
  CHECK(m.cpu().x(0) == 1);
  CHECK(other.x(0) == 1);
  m.poke(kFunction, movz(0, 2));
  m.cpu().set_pc(Machine::kRam);
  m.resume();
  other.set_pc(Machine::kRam);
  m.resume(other);
  CHECK(m.cpu().x(0) == 2);
  CHECK(other.x(0) == 2);
  m.poke(kFunction, movz(0, 3));
  m.poke(kFunction, movz(0, 1));  // the same bytes again
  other.set_pc(Machine::kRam);
  m.resume(other);
  CHECK(other.x(0) == 1);
}

TEST_CASE("A CPU that missed several versions of the code runs the last one") {
  Machine m;
  sim::Cpu& other = m.cpus.cpu(m.cpus.create().value);
  m.load(kFunction, {movz(0, 1), movz(1, 1), kRet});
  m.run(call_function());
  other.set_pc(Machine::kRam);
  m.resume(other);
  for (unsigned version = 2; version < 5; ++version) {
    m.poke(kFunction + (version % 2) * 4, movz(version % 2, version));
    m.cpu().set_pc(Machine::kRam);
    m.resume();
  }
  other.set_pc(Machine::kRam);
  m.resume(other);
  CHECK(other.x(0) == 4);
  CHECK(other.x(1) == 3);
}

TEST_CASE("A guest's own store to code takes effect, after IC IVAU also on other CPUs") {
  Machine m;
  sim::Cpu& other = m.cpus.cpu(m.cpus.create().value);
  m.load(kFunction, {movz(0, 1), kRet});
  m.run(call_function());
  other.set_pc(Machine::kRam);
  m.resume(other);
  Program p;
  append_mov(p, 1, kFunction);
  append_mov(p, 2, movz(0, 5));
  append(p, {strw(2, 1), kDsb, sys(kIcIvau, 1), kDsb, kIsb, blr(1), hvc(0)});
  m.load(Machine::kRam + 0x1000, p);
  m.cpu().set_pc(Machine::kRam + 0x1000);
  m.resume();
  CHECK(m.cpu().x(0) == 5);
  other.set_pc(Machine::kRam);
  m.resume(other);
  CHECK(other.x(0) == 5);
}

TEST_CASE("A store through another virtual address of the code's page takes effect after IC IVAU") {
  Machine m;
  constexpr std::uint64_t kAlias = 0x8080'0000;  // stage 2: the page of kFunction once more
  m.map(kAlias, Machine::pa_of(kFunction));
  m.load(kFunction, {movz(0, 1), movz(1, 1), kRet});
  m.run(call_function());
  Program p;
  append_mov(p, 1, kAlias);
  append_mov(p, 2, movz(0, 5));
  append_mov(p, 3, movz(1, 6));
  append_mov(p, 4, kFunction);
  append(p, {strw(2, 1), strw(3, 1, 4), kDsb, sys(kIcIvau, 4), kDsb, kIsb, blr(4), hvc(0)});
  m.load(Machine::kRam + 0x1000, p);
  m.cpu().set_pc(Machine::kRam + 0x1000);
  m.resume();
  CHECK(m.cpu().x(0) == 5);
  CHECK(m.cpu().x(1) == 6);
}

TEST_CASE("Code and data in one page, both used all the time, cost few fills") {
  Machine m;
  Program p;
  append_mov(p, 0, Machine::kRam + 0x800);
  append_mov(p, 3, 2000);
  append(p, {str(3, 0), ldr(4, 0), sub(3, 3, 1), cbnz(3, -3), hvc(0)});
  m.run(p);
  CHECK(m.cpu().fills() < 20);
}

TEST_CASE("The engine never sees the host's clock") {
  const auto before = sim::hidden_clock_reads();
  Machine m;
  m.run({hvc(0)});
  m.cpu().request_flush();
  m.skip_and_resume();
  CHECK(sim::hidden_clock_reads() > before);
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  CHECK(now.tv_sec > 1'000'000'000);  // others do
}

TEST_CASE("The number of fills does not depend on how long the host takes") {
  const auto run = [](bool slow) {
    Machine m;
    Program p;
    append_mov(p, 0, Machine::kRam + 0x10000);
    append_mov(p, 3, 300);
    append(p, {ldr(1, 0), add(0, 0, 0xfff), sub(3, 3, 1), cbnz(3, -3), hvc(0)});
    m.load(Machine::kRam, p);
    for (int i = 0; i < 4; ++i) {
      if (slow) {  // longer than the window in which the library sizes its TLBs
        timespec start{}, now{};
        clock_gettime(CLOCK_MONOTONIC, &start);
        do clock_gettime(CLOCK_MONOTONIC, &now);
        while ((now.tv_sec - start.tv_sec) * 1'000'000'000 + now.tv_nsec - start.tv_nsec < 110'000'000);
      }
      m.cpu().request_flush();
      m.cpu().set_pc(Machine::kRam);
      m.resume();
    }
    return m.cpu().fills();
  };
  CHECK(run(false) == run(true));
}
