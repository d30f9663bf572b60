// SPDX-License-Identifier: GPL-2.0-or-later
// A platform as a configuration describes it: what answers where, which interrupt it raises, what a reset keeps.
#include "sim/app/platform.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "sim/app/config.h"
#include "sim/app/state_hash.h"
#include "sim/gic/icc_registers.h"

using namespace sim::app;
using Catch::Matchers::ContainsSubstring;

namespace {

struct TextConsole : host::port::Console {
  std::string out, in;
  rmm::port::WaitQueue queue;
  void put(std::uint8_t byte) override { out.push_back(static_cast<char>(byte)); }
  std::optional<std::uint8_t> get() override {
    if (in.empty()) return std::nullopt;
    const auto byte = static_cast<std::uint8_t>(in.front());
    in.erase(0, 1);
    return byte;
  }
  rmm::port::WaitQueue& input_arrived() override { return queue; }
};

struct TestClock : rmm::port::Clock {
  std::uint64_t now = 0;
  std::uint64_t now_ns() const override { return now; }
  void spend_ns(std::uint64_t ns) override { now += ns; }
};

class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text)
      : path_(std::filesystem::temp_directory_path() /
              ("ccasim-platform-test-" + std::to_string(::getpid()) + ".json")) {
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::filesystem::remove(path_); }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// A platform like no other: everything elsewhere.
constexpr const char* kElsewhere = R"({
  "machine": {"cpu": "max", "seed": 7, "rmm": {"num_lrs": 4}},
  "platform": {
    "dram": [{"base": "0x2000000000", "size": "64MiB"}, {"base": "0x40000000", "size": "32MiB"}],
    "pes": {"affinities": [1, "0x100000000"], "el2_physical_timer": 20, "el1_physical_timer": 21},
    "gic": {"distributor": "0x1000000", "redistributors": "0x1100000", "spis": 32},
    "uarts": [{"base": "0x9000000", "interrupt": 33}, {"base": "0x9001000", "console": false}],
    "sp805": [{"base": "0x9002000", "interrupt": 40, "clock_hz": 1000}],
    "generic_watchdogs": [{"control": "0x9003000", "refresh": "0x9004000", "interrupt": 41, "reset": true}],
    "nvm": [{"base": "0x9010000", "size": "8KiB", "byte": 0}],
    "constant": [{"base": "0xA0000000", "size": "1MiB", "byte": "0xa5"}]
  }
})";

PlatformConfig load(const std::string& path, const std::vector<std::pair<std::string, std::string>>& set = {}) {
  auto config = load_platform_config(path, set);
  INFO((config ? std::string("accepted") : config.error().message));
  REQUIRE(config.has_value());
  return *config;
}

std::string message(const std::vector<std::pair<std::string, std::string>>& set) {
  const ConfigFile file(kElsewhere);
  const auto config = load_platform_config(file.path(), set);
  return config ? "accepted" : config.error().message;
}

struct Bench {
  PlatformConfig config;
  PlatformState state;
  TextConsole console;
  TestClock clock;
  Platform platform;
  explicit Bench(PlatformConfig from) : config(std::move(from)), platform(config, state, console, clock) {}

  std::optional<std::uint64_t> read(std::uint64_t pa, unsigned size = 4) { return platform.bus().read({pa}, size); }
  void write(std::uint64_t pa, std::uint64_t value, unsigned size = 4) {
    REQUIRE(platform.bus().write({pa}, size, value));
  }
  void at_ns(std::uint64_t ns) {
    clock.now = ns;
    platform.advance(ns);
  }
  // The interrupt is delivered to PE 0 and which it is.
  std::uint64_t take_interrupt(std::uint64_t distributor, unsigned intid) {
    write(distributor, 2);
    write(distributor + 0x100 + intid / 32 * 4, 1U << (intid % 32));
    std::uint64_t value = 0;
    platform.gic().write_register(0, static_cast<std::uint32_t>(sim::icc::kIgrpen1), 1);
    platform.gic().read_register(0, static_cast<std::uint32_t>(sim::icc::kIar1), value);
    return value;
  }
  std::string hash() {
    StateHasher hasher;
    hasher.add(state);
    return hasher.hex();
  }
};

}  // namespace

TEST_CASE("configs/fvp.json is the FVP Base map as far as payloads need it") {
  Bench b(load("configs/fvp.json"));
  CHECK(b.config.pes.affinities.size() == 8);
  CHECK(b.config.pes.affinities[4].value == 0x10000);
  CHECK(b.config.pes.multithreaded);
  CHECK(b.config.pes.el2_physical_timer == 26);
  CHECK(b.config.machine.cpu == "max");
  CHECK(b.config.dram.front().base.value == 0x80000000);
  CHECK(b.read(0x1c0b0018) == 0x97);             // UART2's flags: transmitter empty, nothing received
  CHECK(b.read(0x2f000000) == 0x10);             // GICD_CTLR: ARE_NS
  CHECK((*b.read(0x2f00ffe8) >> 4 & 0xf) == 3);  // GICD_PIDR2
  CHECK(b.read(0x2f100000 + 7 * 0x20000 + 8, 8) == (0x10300ULL << 32 | 7 << 8 | 1 << 4));  // the last redistributor
  CHECK(b.read(0x1c0f0000) == 0xffffffff);                                                 // SP805
  CHECK(b.read(0x2a440000) == 0);                                                          // WCS
  CHECK(b.read(0x82800000, 1) == 0xff);                                                    // NVM
  CHECK(b.read(0x4fff'fffc) == 0xffffffff);                                                // ECAM
  CHECK(b.read(0x2c000000) == std::nullopt);  // no GICv2 CPU interface: affinity routing only
  CHECK(b.read(0x80000000) == std::nullopt);  // DRAM is not on the bus
}

TEST_CASE("another map puts everything elsewhere") {
  const ConfigFile file(kElsewhere);
  Bench b(load(file.path()));
  CHECK(b.config.machine.seed == 7);
  CHECK(b.config.machine.limits.num_lrs == 4);
  CHECK(b.config.machine.memory == 96ULL << 20);
  CHECK(b.config.dram[0].base.value == 0x40000000);  // ascending
  CHECK(b.config.pes.affinities[1].value == 0x1'0000'0000);
  CHECK(b.config.pes.el2_physical_timer == 20);
  CHECK(b.config.pes.el1_virtual_timer == 27);
  CHECK(b.read(0x1000004) == ((1U << 10) | (9U << 19) | (1U << 24) | 1));  // GICD_TYPER: 32 SPIs
  CHECK(b.read(0x1100000 + 0x20000 + 8, 8) == (0x01000000ULL << 32 | 1 << 8 | 1 << 4));
  CHECK(b.read(0x9010000, 8) == 0);
  CHECK(b.read(0xa0000001, 2) == 0xa5a5);
  CHECK(b.read(0x2f000000) == std::nullopt);
}

TEST_CASE("a UART writes to the console, one that is not connected to nothing") {
  const ConfigFile file(kElsewhere);
  Bench b(load(file.path()));
  for (const char c : std::string("hi")) {
    b.write(0x9000000, static_cast<std::uint64_t>(c), 1);
    b.write(0x9001000, static_cast<std::uint64_t>(c), 1);
  }
  CHECK(b.console.out == "hi");
}

TEST_CASE("a UART takes input when its time has come and raises its interrupt") {
  const ConfigFile file(kElsewhere);
  Bench b(load(file.path()));
  b.write(0x9000030, 0x301);   // CR: on
  b.write(0x9000038, 1 << 4);  // IMSC: receive
  b.console.in = "x";
  CHECK(b.take_interrupt(0x1000000, 33) == 1023);
  b.at_ns(1000);
  CHECK(b.take_interrupt(0x1000000, 33) == 33);
  CHECK(b.read(0x9000000) == 'x');
}

TEST_CASE("watchdogs raise the interrupts they are wired to, at the time they said") {
  const ConfigFile file(kElsewhere);
  Bench b(load(file.path()));
  b.write(0x9002000, 5);
  b.write(0x9002008, 1);
  CHECK(b.platform.next_event_ns() == 5'000'000);
  b.write(0x9003008, 100);
  b.write(0x9003000, 1);
  CHECK(b.platform.next_event_ns() == 101 * 16);
  b.at_ns(101 * 16);
  CHECK(b.take_interrupt(0x1000000, 41) == 41);
  b.write(0x9004000, 1);
  b.write(0x9003000, 0);
  b.platform.gic().write_register(0, static_cast<std::uint32_t>(sim::icc::kEoir1), 41);
  CHECK(b.platform.next_event_ns() == 5'000'000);
  b.at_ns(5'000'000);
  CHECK(b.take_interrupt(0x1000000, 40) == 40);
}

TEST_CASE("an interrupt nobody wired goes nowhere") {
  const ConfigFile file(kElsewhere);
  Bench b(load(file.path(), {{"platform.sp805", R"([{"base": "0x9002000", "clock_hz": 1000}])"}}));
  b.write(0x9002000, 5);
  b.write(0x9002008, 1);
  b.at_ns(6'000'000);
  CHECK(b.read(0x9002010) == 1);  // RIS
  CHECK(b.take_interrupt(0x1000000, 40) == 1023);
}

TEST_CASE("a watchdog's reset puts all devices back but NVM") {
  const ConfigFile file(kElsewhere);
  Bench b(load(file.path()));
  const std::string at_power_on = b.hash();
  b.write(0x9010010, 0x77, 1);
  Bench only_nvm(b.config);
  only_nvm.write(0x9010010, 0x77, 1);
  b.write(0x9000024, 13);  // UART's baud rate
  b.write(0x9003008, 3);
  b.write(0x9002000, 5);
  b.write(0x9002008, 3);
  CHECK(b.take_interrupt(0x1000000, 40) == 1023);
  CHECK_FALSE(b.platform.reset_requested());
  b.at_ns(20'000'000);
  CHECK(b.platform.reset_requested());
  b.platform.reset();
  CHECK_FALSE(b.platform.reset_requested());
  CHECK(b.read(0x9010010, 1) == 0x77);
  CHECK(b.read(0x9000024) == 0);
  CHECK(b.read(0x1000000) == 0x10);
  CHECK(b.hash() == only_nvm.hash());
  CHECK(b.hash() != at_power_on);
}

TEST_CASE("WS1 of a Non-secure watchdog that is wired so asks for a reset") {
  const ConfigFile file(kElsewhere);
  Bench b(load(file.path()));
  b.write(0x9003008, 10);
  b.write(0x9003000, 1);
  b.at_ns(11 * 16);
  CHECK_FALSE(b.platform.reset_requested());
  b.at_ns(22 * 16);
  CHECK(b.platform.reset_requested());
}

TEST_CASE("a platform's state can be copied and put back") {
  const ConfigFile file(kElsewhere);
  Bench b(load(file.path()));
  b.write(0x9002000, 5);
  b.write(0x9002008, 3);
  const PlatformState before = b.state;
  const std::string hash = b.hash();
  b.at_ns(5'000'000);
  b.write(0x9010000, 1, 1);
  CHECK(b.hash() != hash);
  b.state = before;
  CHECK(b.hash() == hash);
  CHECK(b.read(0x9010000, 1) == 0);
}

TEST_CASE("mistakes in a platform get one message that says where and what would be right") {
  CHECK(message({}) == "accepted");
  CHECK_THAT(message({{"platform.uart", "[]"}}),
             ContainsSubstring("platform has no key \"uart\"; did you mean \"uarts\""));
  CHECK_THAT(message({{"machine.memory", "1GiB"}}), ContainsSubstring("machine has no key \"memory\""));
  CHECK_THAT(message({{"platform.dram", "[]"}}), ContainsSubstring("platform.dram is empty"));
  CHECK_THAT(message({{"platform.uarts.0.base", "0x9000800"}}),
             ContainsSubstring("platform.uarts[0] must lie on whole granules of 4 KiB"));
  CHECK_THAT(message({{"platform.nvm.0.base", "0x40001000"}}),
             ContainsSubstring("platform.nvm[0] at 0x40001000 overlaps platform.dram[0], which is at 0x40000000 to "
                               "0x41ffffff"));
  CHECK_THAT(message({{"platform.constant.0.base", "0x1110000"}}), ContainsSubstring("overlaps platform.gic"));
  CHECK_THAT(message({{"platform.uarts.0.interrupt", "64"}}),
             ContainsSubstring("platform.uarts[0].interrupt must be a whole number from 32 to 63, found 64"));
  CHECK_THAT(message({{"platform.pes.affinities", "[0, 256, 0]"}}),
             ContainsSubstring("platform.pes.affinities names 0x0 twice"));
  CHECK_THAT(message({{"platform.pes.affinities", "[]"}}), ContainsSubstring("must name 1 to 64 PEs, found 0"));
  CHECK_THAT(message({{"platform.pes.affinities", "[\"0x81000000\"]"}}), ContainsSubstring("must be affinities"));
  CHECK_THAT(message({{"platform.pes.maintenance", "20"}}),
             ContainsSubstring("platform.pes.el2_physical_timer and platform.pes.maintenance are both interrupt 20"));
  CHECK_THAT(message({{"platform.gic.spis", "33"}}), ContainsSubstring("must be a multiple of 32, found 33"));
  CHECK_THAT(message({{"platform.gic", "null"}}), ContainsSubstring("platform.gic must be an object"));
  CHECK_THAT(message({{"platform.nvm.0.size", "2MiB"}}),
             ContainsSubstring("platform.nvm may have 1 MiB together, found 2 MiB"));
  CHECK_THAT(message({{"platform.nvm.0.size", "0"}}), ContainsSubstring("platform.nvm[0] must lie on whole granules"));
  CHECK_THAT(message({{"platform.dram.0.size", "2TiB"}}), ContainsSubstring("platform.dram may have 1 TiB together"));
  CHECK_THAT(message({{"platform.dram.0.base", "0xfffffffff000"}}), ContainsSubstring("below 256 TiB"));
  CHECK_THAT(message({{"machine.cpu", "cortex-m0"}}), ContainsSubstring("machine.cpu must be"));
}

TEST_CASE("each kind of configuration says which command it is for") {
  CHECK_THAT(load_platform_config("configs/hello.json", {}).error().message, ContainsSubstring("`ccasim run`"));
  const ConfigFile nothing("{}");
  CHECK_THAT(load_platform_config(nothing.path(), {}).error().message, ContainsSubstring("a \"platform\" is missing"));
  RunOptions options;
  options.config = "configs/fvp.json";
  CHECK_THAT(load_config(options, "/opt/ccasim", "/var/cache").error().message, ContainsSubstring("`ccasim payload`"));
}
