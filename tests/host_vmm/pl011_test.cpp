// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/devices/pl011.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/host_vmm/host_doubles.h"

using namespace host::vmm;
using namespace host::vmm::test;

namespace {

constexpr std::uint64_t kDr = 0, kFr = 0x18, kIbrd = 0x24, kFbrd = 0x28, kLcrH = 0x2C, kCr = 0x30, kIfls = 0x34,
                        kImsc = 0x38, kRis = 0x3C, kMis = 0x40, kIcr = 0x44, kDmacr = 0x48;
constexpr std::uint64_t kRxEmpty = 1 << 4, kTxFull = 1 << 5, kRxFull = 1 << 6, kTxEmpty = 1 << 7;
constexpr std::uint64_t kRx = 1 << 4, kTx = 1 << 5, kTimeout = 1 << 6;

struct Bench {
  TextConsole console;
  Pl011State state;
  PanicWatchState panic_state;
  PanicWatch panic{panic_state};
  bool line = false;
  int changes = 0;
  Pl011 uart{state, console, &panic, [this](bool level) {
               line = level;
               ++changes;
             }};
  std::uint64_t read(std::uint64_t offset) { return uart.read(offset, 4); }
  void write(std::uint64_t offset, std::uint64_t value) { uart.write(offset, value, 4); }
  // FIFOs on, receiver on, receive interrupts on: what a Linux driver sets up.
  void listen() {
    write(kLcrH, 0x70);
    write(kCr, 0x301);
    write(kImsc, kRx | kTimeout);
  }
};

}  // namespace

TEST_CASE("registers have their documented reset values and identification") {
  Bench b;
  CHECK(b.read(kCr) == 0x300);
  CHECK(b.read(kIfls) == 0x12);
  CHECK((b.read(kFr) & (kRxEmpty | kTxFull | kRxFull | kTxEmpty)) == (kRxEmpty | kTxEmpty));
  CHECK(b.read(kImsc) == 0);
  const std::uint64_t ids[] = {0x11, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1};
  for (std::uint64_t i = 0; i < 8; ++i) CHECK(b.read(0xFE0 + 4 * i) == ids[i]);
  CHECK(b.read(0xFE1) == 0);
  CHECK(b.read(0x500) == 0);
}

TEST_CASE("configuration registers keep the bits they have") {
  Bench b;
  b.write(kIbrd, 0x1ffff);
  b.write(kFbrd, 0xff);
  b.write(kLcrH, 0x170);
  b.write(kImsc, 0xffff);
  b.write(kDmacr, 0xff);
  CHECK(b.read(kIbrd) == 0xffff);
  CHECK(b.read(kFbrd) == 0x3f);
  CHECK(b.read(kLcrH) == 0x70);
  CHECK(b.read(kImsc) == 0x7ff);
  CHECK(b.read(kDmacr) == 7);
}

TEST_CASE("a byte is sent at once, even before the UART is enabled, and raises the transmit interrupt until cleared") {
  Bench b;
  b.write(kDr, 'A');
  CHECK(b.console.output == "A");
  CHECK(b.read(kRis) == kTx);
  CHECK(b.read(kMis) == 0);
  CHECK_FALSE(b.line);
  b.write(kImsc, kTx);
  CHECK(b.read(kMis) == kTx);
  CHECK(b.line);
  b.write(kIcr, kTx);
  CHECK_FALSE(b.line);
  CHECK(b.changes == 2);
}

TEST_CASE("input waits until the guest listens, then arrives with an interrupt") {
  Bench b;
  b.console.input = std::string("ab");
  b.uart.input_arrived();
  CHECK((b.read(kFr) & kRxEmpty) != 0);
  CHECK(b.console.input == "ab");
  b.listen();
  CHECK(b.line);
  CHECK(b.read(kMis) == kTimeout);  // two bytes stay under the trigger level of eight
  CHECK(b.read(kDr) == 'a');
  CHECK(b.line);
  CHECK(b.read(kDr) == 'b');
  CHECK_FALSE(b.line);
  CHECK((b.read(kFr) & kRxEmpty) != 0);
  CHECK(b.read(kDr) == 0);
}

TEST_CASE("a driver that drains the FIFO at start-up loses no input") {
  Bench b;
  b.console.input = std::string("typed ahead");
  b.write(kCr, 0x301);
  for (int i = 0; i < 32 && (b.read(kFr) & kRxEmpty) == 0; ++i) b.read(kDr);
  b.write(kIcr, 0x7ff);
  b.write(kImsc, kRx | kTimeout);
  CHECK(b.read(kDr) == 't');
}

TEST_CASE("a guest that polls the flags without interrupts gets its input") {
  Bench b;
  b.console.input = std::string("z");
  b.write(kCr, 0x301);
  int polls = 0;
  while ((b.read(kFr) & kRxEmpty) != 0 && polls < 100) ++polls;
  CHECK(polls < 10);
  CHECK(b.read(kDr) == 'z');
  CHECK(b.changes == 0);
}

TEST_CASE("the receive FIFO holds sixteen bytes with FIFOs on and one with FIFOs off") {
  Bench b;
  b.console.input = std::string(20, 'x');
  b.listen();
  CHECK((b.read(kFr) & kRxFull) != 0);
  CHECK(b.console.input.size() == 4);
  CHECK((b.read(kRis) & kRx) != 0);
  b.read(kDr);
  CHECK((b.read(kRis) & kRx) != 0);  // still above the trigger level
  CHECK(b.console.input.size() == 3);
  b.write(kLcrH, 0);  // empties the FIFO, and one byte moves up
  CHECK(b.console.input.size() == 2);
  CHECK((b.read(kFr) & kRxFull) != 0);
}

TEST_CASE("the receive interrupt follows the trigger level") {
  Bench b;
  b.listen();
  b.write(kIfls, 0);  // an eighth: two bytes
  b.console.input = std::string("1");
  b.uart.input_arrived();
  CHECK((b.read(kRis) & kRx) == 0);
  b.console.input = std::string("23");
  b.uart.input_arrived();
  CHECK((b.read(kRis) & kRx) != 0);
  b.read(kDr);
  CHECK((b.read(kRis) & kRx) != 0);
  b.read(kDr);
  CHECK((b.read(kRis) & kRx) == 0);
  CHECK((b.read(kRis) & kTimeout) != 0);
}

TEST_CASE("more input than the FIFO holds is delivered in order as the guest reads") {
  Bench b;
  std::string sent;
  for (int i = 0; i < 100; ++i) sent.push_back(static_cast<char>('!' + i % 90));
  b.console.input = sent;
  b.listen();
  std::string received;
  while ((b.read(kFr) & kRxEmpty) == 0) received.push_back(static_cast<char>(b.read(kDr)));
  CHECK(received == sent);
}

TEST_CASE("a disabled receiver takes nothing") {
  Bench b;
  b.console.input = std::string("x");
  b.write(kImsc, kRx | kTimeout);
  b.write(kCr, 0x101);
  CHECK((b.read(kFr) & kRxEmpty) != 0);
  b.write(kCr, 0x301);
  CHECK((b.read(kFr) & kRxEmpty) == 0);
}

TEST_CASE("the panic watch finds a panic's first line and its end, and nothing else") {
  PanicWatchState state;
  PanicWatch watch(state);
  const auto say = [&](const std::string& text) {
    for (char c : text) watch.put(static_cast<std::uint8_t>(c));
  };
  say("Kernel panic avoided\n");
  CHECK_FALSE(watch.panicked());
  say("x Kernel panic - not syncing: VFS: Unable to mount");
  CHECK_FALSE(watch.panicked());  // the line isn't complete yet
  say(" root\r\n");
  CHECK(state.message == "x Kernel panic - not syncing: VFS: Unable to mount root");
  CHECK_FALSE(state.ended);
  say(std::string(10000, 'y') + "\n");
  say("---[ end Kernel panic - not syncing: VFS ]---\r\n");
  CHECK(state.ended);
  CHECK(state.message == "x Kernel panic - not syncing: VFS: Unable to mount root");
}
