// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <random>

#include "host/vmm/devices/virtio_mmio.h"
#include "host/vmm/devices/virtio_rng.h"
#include "tests/host_vmm/host_doubles.h"
#include "tests/host_vmm/scripted_kvm.h"

using namespace host::vmm;
using namespace host::vmm::test;

namespace {

constexpr std::uint64_t kBase = 0x80000000, kSize = 0x10000;
constexpr std::uint64_t kDesc = kBase, kAvail = kBase + 0x1000, kUsed = kBase + 0x2000, kBuffer = kBase + 0x3000;

class FlatMemory : public GuestMemory {
 public:
  std::vector<std::byte> bytes = std::vector<std::byte>(kSize);
  bool read(abi::Ipa ipa, std::span<std::byte> out) override {
    if (!inside(ipa, out.size())) return false;
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(ipa.value - kBase), out.size(), out.begin());
    return true;
  }
  bool write(abi::Ipa ipa, std::span<const std::byte> in) override {
    if (!inside(ipa, in.size())) return false;
    std::copy(in.begin(), in.end(), bytes.begin() + static_cast<std::ptrdiff_t>(ipa.value - kBase));
    return true;
  }
  template <class T>
  void put(std::uint64_t ipa, T value) {
    write({ipa}, std::as_bytes(std::span(&value, 1)));
  }
  template <class T>
  T get(std::uint64_t ipa) {
    T value{};
    read({ipa}, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }

 private:
  static bool inside(abi::Ipa ipa, std::size_t size) {
    return ipa.value >= kBase && ipa.value - kBase <= kSize && size <= kSize - (ipa.value - kBase);
  }
};

struct Bench {
  FlatMemory memory;
  CountingEntropy entropy;
  VirtioRng rng{entropy};
  VirtioMmioState state;
  bool line = false;
  VirtioMmio device{state, rng, memory, [this](bool level) { line = level; }};
  std::uint16_t available = 0;

  std::uint64_t read(std::uint64_t offset) { return device.read(offset, 4); }
  void write(std::uint64_t offset, std::uint64_t value) { device.write(offset, value, 4); }
  void negotiate() {
    write(0x070, 1);
    write(0x070, 3);
    write(0x024, 1);
    write(0x020, 3);  // VERSION_1 and ACCESS_PLATFORM
    write(0x070, 11);
  }
  void start() {
    negotiate();
    write(0x030, 0);
    write(0x038, 8);
    write(0x080, kDesc);
    write(0x090, kAvail);
    write(0x0a0, kUsed);
    write(0x044, 1);
    write(0x070, 15);
  }
  void descriptor(unsigned index, std::uint64_t address, std::uint32_t size, std::uint16_t flags,
                  std::uint16_t next = 0) {
    memory.put(kDesc + 16 * index, address);
    memory.put(kDesc + 16 * index + 8, size);
    memory.put(kDesc + 16 * index + 12, flags);
    memory.put(kDesc + 16 * index + 14, next);
  }
  void offer(std::uint16_t head) {
    memory.put<std::uint16_t>(kAvail + 4 + 2 * (available % 8), head);
    memory.put<std::uint16_t>(kAvail + 2, ++available);
  }
  bool needs_reset() { return (read(0x070) & 64) != 0; }
};

}  // namespace

TEST_CASE("the transport identifies an entropy device of virtio version 1") {
  Bench b;
  CHECK(b.read(0x000) == 0x74726976);
  CHECK(b.read(0x004) == 2);
  CHECK(b.read(0x008) == 4);
  CHECK(b.read(0x010) == 0);
  b.write(0x014, 1);
  CHECK(b.read(0x010) == 3);
  b.write(0x014, 2);
  CHECK(b.read(0x010) == 0);
  CHECK(b.read(0x034) == 256);
  b.write(0x030, 1);
  CHECK(b.read(0x034) == 0);
  CHECK(b.device.read(0x000, 1) == 0);
}

TEST_CASE("a driver that refuses version 1 or wants unknown features doesn't get FEATURES_OK") {
  Bench b;
  b.write(0x070, 11);
  CHECK(b.read(0x070) == 3);
  b.write(0x020, 1);  // feature bit 0
  b.write(0x024, 1);
  b.write(0x020, 1);
  b.write(0x070, 11);
  CHECK(b.read(0x070) == 3);
  Bench good;
  good.negotiate();
  CHECK(good.read(0x070) == 11);
}

TEST_CASE("buffers are filled with entropy, returned and announced") {
  Bench b;
  b.start();
  b.descriptor(0, kBuffer, 8, 1 | 2, 3);
  b.descriptor(3, kBuffer + 0x100, 4, 2);
  b.offer(0);
  b.write(0x050, 0);
  CHECK(b.memory.get<std::uint64_t>(kBuffer) == 0x0807060504030201);
  CHECK(b.memory.get<std::uint64_t>(kBuffer + 0x100) == 0x0c0b0a09);
  CHECK(b.memory.get<std::uint16_t>(kUsed + 2) == 1);
  CHECK(b.memory.get<std::uint32_t>(kUsed + 4) == 0);
  CHECK(b.memory.get<std::uint32_t>(kUsed + 8) == 12);
  CHECK(b.line);
  CHECK(b.read(0x060) == 1);
  b.write(0x064, 1);
  CHECK_FALSE(b.line);
  b.write(0x050, 0);  // nothing new: no second interrupt
  CHECK_FALSE(b.line);
}

TEST_CASE("the ring wraps and every buffer is served once") {
  Bench b;
  b.start();
  b.descriptor(2, kBuffer, 1, 2);
  for (int i = 0; i < 20; ++i) {
    b.offer(2);
    b.write(0x050, 0);
    CHECK(b.memory.get<std::uint8_t>(kBuffer) == i + 1);
  }
  CHECK(b.memory.get<std::uint16_t>(kUsed + 2) == 20);
  CHECK_FALSE(b.needs_reset());
}

TEST_CASE("a driver that wants no interrupts gets none") {
  Bench b;
  b.start();
  b.memory.put<std::uint16_t>(kAvail, 1);
  b.descriptor(0, kBuffer, 4, 2);
  b.offer(0);
  b.write(0x050, 0);
  CHECK(b.memory.get<std::uint16_t>(kUsed + 2) == 1);
  CHECK_FALSE(b.line);
}

TEST_CASE("buffers the device may only read get nothing, and huge ones a bounded part") {
  Bench b;
  b.start();
  b.descriptor(0, kBuffer, 16, 0);
  b.offer(0);
  b.descriptor(1, kBuffer, 0xffffffff, 2);
  b.offer(1);
  b.write(0x050, 0);
  CHECK(b.memory.get<std::uint32_t>(kUsed + 8) == 0);
  CHECK(b.memory.get<std::uint32_t>(kUsed + 16) == 4096);
  CHECK_FALSE(b.needs_reset());
}

TEST_CASE("a queue that isn't live is not served") {
  Bench b;
  b.descriptor(0, kBuffer, 4, 2);
  b.offer(0);
  b.write(0x050, 0);
  b.negotiate();
  b.write(0x070, 15);
  b.write(0x050, 0);
  CHECK(b.memory.get<std::uint32_t>(kBuffer) == 0);
  b.write(0x038, 7);  // no power of two
  b.write(0x044, 1);
  CHECK(b.read(0x044) == 0);
}

TEST_CASE("rings that make no sense put the device into NEEDS_RESET until it is reset") {
  const auto broken = [](const std::function<void(Bench&)>& damage) {
    Bench b;
    b.start();
    b.descriptor(0, kBuffer, 4, 2);
    b.offer(0);
    damage(b);
    b.write(0x050, 0);
    return b.needs_reset() && b.line;
  };
  CHECK(broken([](Bench& b) { b.descriptor(0, kBuffer, 4, 1 | 2, 0); }));            // a loop
  CHECK(broken([](Bench& b) { b.descriptor(0, kBuffer, 4, 1 | 2, 8); }));            // index too large
  CHECK(broken([](Bench& b) { b.descriptor(0, kBuffer, 4, 4); }));                   // indirect
  CHECK(broken([](Bench& b) { b.descriptor(0, 0x1000, 4, 2); }));                    // outside RAM
  CHECK(broken([](Bench& b) { b.descriptor(0, ~0ULL - 1, 4, 2); }));                 // wraps
  CHECK(broken([](Bench& b) { b.memory.put<std::uint16_t>(kAvail + 2, 9); }));       // more than the ring
  CHECK(broken([](Bench& b) { b.memory.put<std::uint16_t>(kAvail + 4, 0xffff); }));  // head too large
  CHECK(broken([](Bench& b) { b.state.queue.available = kBase + kSize - 1; }));      // ring outside RAM
  CHECK(broken([](Bench& b) { b.state.queue.used = ~0ULL; }));

  Bench b;
  b.start();
  b.memory.put<std::uint16_t>(kAvail + 2, 9);
  b.write(0x050, 0);
  REQUIRE(b.needs_reset());
  b.write(0x070, 0);
  CHECK_FALSE(b.line);
  CHECK(b.read(0x070) == 0);
  CHECK(b.read(0x044) == 0);
}

TEST_CASE("random register writes and random rings never get the device to touch memory outside RAM") {
  // FlatMemory refuses such accesses and the sanitizers would see any other.
  std::mt19937_64 random(7);
  std::uint64_t served = 0;
  for (int round = 0; round < 300; ++round) {
    Bench b;
    b.start();
    for (std::size_t i = 0; i < 0x2400; i += 2)
      if (random() % 3 == 0) b.memory.put<std::uint16_t>(kBase + i, static_cast<std::uint16_t>(random() % 16));
    for (int i = 0; i < 20; ++i) {
      if (random() % 4 == 0) b.write(4 * (random() % 64), random() % 3 == 0 ? random() : random() % 16);
      b.write(0x050, 0);
    }
    served += b.state.queue.next_used;
    CHECK(b.state.queue.size <= kMaxQueueSize);
  }
  CHECK(served > 0);
}

TEST_CASE("guest memory is reached with and without the alias bit, and never outside the slot") {
  ScriptedKvm kvm;
  const std::uint64_t hva = kvm.user_mmap(0x4000).value;
  SlotMemory memory(kvm, hva, 0x4000, 1ULL << 32);
  const std::array<std::byte, 4> sent{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  std::array<std::byte, 4> got{};
  CHECK(memory.write({0x180003ffc}, sent));
  CHECK(memory.read({0x80003ffc}, got));
  CHECK(got == sent);
  CHECK_FALSE(memory.read({0x80003ffd}, got));
  CHECK_FALSE(memory.read({0x7ffffffe}, got));
  CHECK_FALSE(memory.read({0x280000000}, got));
  const std::uint64_t unmapped = 0;
  CHECK_FALSE(SlotMemory(kvm, unmapped, 0x4000, 0).read({0x80000000}, got));
}
