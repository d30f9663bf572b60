// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/bare_engine.h"

#include <unicorn/unicorn.h>

#include <array>
#include <cstdint>
#include <memory>

#include "tests/bench/failure.h"

namespace bench {
namespace {

constexpr std::uint64_t kCode = 0x10000;
constexpr std::array<std::uint32_t, 2> kLoop = {0x91000400,   // add x0, x0, #1
                                                0x17ffffff};  // b to the line above

void check(uc_err error) {
  if (error != UC_ERR_OK) throw Failure(uc_strerror(error));
}

struct Closer {
  void operator()(uc_engine* uc) const { uc_close(uc); }
};

// Lets one block pass.
struct Turn {
  bool taken = false;
};
void stop_at_second_block(uc_engine* uc, std::uint64_t, std::uint32_t, void* user) noexcept {
  auto& turn = *static_cast<Turn*>(user);
  if (turn.taken) uc_emu_stop(uc);
  turn.taken = true;
}

}  // namespace

Figure measure_bare_engine(unsigned batches) {
  uc_engine* opened = nullptr;
  check(uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &opened));
  const std::unique_ptr<uc_engine, Closer> uc(opened);
  check(uc_ctl_set_cpu_model(uc.get(), UC_CPU_ARM64_A72));
  check(uc_mem_map(uc.get(), kCode, 0x1000, UC_PROT_ALL));
  check(uc_mem_write(uc.get(), kCode, kLoop.data(), sizeof kLoop));
  Turn turn;
  uc_hook hook = 0;
  check(uc_hook_add(uc.get(), &hook, UC_HOOK_BLOCK, reinterpret_cast<void*>(stop_at_second_block), &turn, 1, 0));

  constexpr std::uint64_t kStarts = 512;
  Batches timed("engine start and stop");
  std::uint64_t starts = 0;
  const auto start = [&] {
    turn.taken = false;
    check(uc_emu_start(uc.get(), kCode, 0, 0, 0));
    ++starts;
  };
  start();
  for (unsigned i = 0; i < batches; ++i)
    timed.add(kStarts, [&] {
      for (std::uint64_t n = 0; n < kStarts; ++n) start();
    });
  std::uint64_t executed = 0;
  check(uc_reg_read(uc.get(), UC_ARM64_REG_X0, &executed));
  if (executed != starts) throw Failure("the bare engine did not execute one block at each start");
  return timed.figure();
}

}  // namespace bench
