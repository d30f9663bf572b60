// SPDX-License-Identifier: GPL-2.0-or-later
// Leaves to the host in every way there is while memory and all registers are full of secrets (I27): what the content
// of untouched RAM happens to be, which nobody promises (DEN0137 1.0-rel0 A5.2). No branch, no address and no argument
// of a call depends on it. Two runs in which that content differs must look the same from outside.

#include <algorithm>

#include "guest/runtime/access.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/gic.h"
#include "guest/runtime/image.h"
#include "guest/runtime/places.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"
#include "guest/runtime/realm.h"
#include "guest/runtime/smc.h"
#include "guest/runtime/timer.h"
#include "rmm/abi/v1_0/function_ids.h"

// NAME(arguments, secret): X0 to X4 from `arguments`, all other general registers, V0 to V31 and the system registers
// that software may fill as it likes from the secret; then the instruction. X0 to X4 go back into `arguments`.
asm(R"(
    .arch armv8-a+fp+simd
    .macro  with_secrets name, instruction:vararg
    .global \name
\name:
    sub     sp, sp, #112
    stp     x19, x20, [sp]
    stp     x21, x22, [sp, #16]
    stp     x23, x24, [sp, #32]
    stp     x25, x26, [sp, #48]
    stp     x27, x28, [sp, #64]
    stp     x29, x30, [sp, #80]
    str     x0, [sp, #96]
    mrs     x2, cpacr_el1
    orr     x2, x2, #(3 << 20)
    msr     cpacr_el1, x2
    isb
    add     x2, x1, #512
    .irp    n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
    ldp     q\n, q1, [x2], #32
    .endr
    sub     x2, x2, #512
    .irp    n, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
    ldr     q\n, [x2], #16
    .endr
    ldp     x3, x4, [x1, #256]
    msr     tpidr_el0, x3
    msr     tpidrro_el0, x4
    ldp     x3, x4, [x1, #272]
    msr     far_el1, x3
    msr     elr_el1, x4
    ldp     x5, x6, [x1, #8]
    ldp     x7, x8, [x1, #24]
    ldp     x9, x10, [x1, #40]
    ldp     x11, x12, [x1, #56]
    ldp     x13, x14, [x1, #72]
    ldp     x15, x16, [x1, #88]
    ldp     x17, x18, [x1, #104]
    ldp     x19, x20, [x1, #120]
    ldp     x21, x22, [x1, #136]
    ldp     x23, x24, [x1, #152]
    ldp     x25, x26, [x1, #168]
    ldp     x27, x28, [x1, #184]
    ldp     x29, x30, [x1, #200]
    ldr     x4, [x0, #32]
    ldp     x2, x3, [x0, #16]
    ldp     x0, x1, [x0]
    \instruction
    ldr     x5, [sp, #96]
    stp     x0, x1, [x5]
    stp     x2, x3, [x5, #16]
    str     x4, [x5, #32]
    ldp     x19, x20, [sp]
    ldp     x21, x22, [sp, #16]
    ldp     x23, x24, [sp, #32]
    ldp     x25, x26, [sp, #48]
    ldp     x27, x28, [sp, #64]
    ldp     x29, x30, [sp, #80]
    add     sp, sp, #112
    ret
    .endm

    .text
    with_secrets call_with_secrets, smc #0
    with_secrets load_with_secrets, ldr w0, [x1]
    with_secrets store_with_secrets, str w0, [x1]
    with_secrets store_secret, str x9, [x1]
    with_secrets load_pair_with_secrets, ldp w2, w3, [x1]
    with_secrets store_secret_vectors, stp q0, q1, [x1]
    with_secrets wait_with_secrets, wfi
    with_secrets signal_with_secrets, msr icc_sgi1r_el1, x0
)");

using Arguments = std::uint64_t[5];
extern "C" {
void call_with_secrets(std::uint64_t* arguments, const std::uint64_t* secret);
void load_with_secrets(std::uint64_t* arguments, const std::uint64_t* secret);
void store_with_secrets(std::uint64_t* arguments, const std::uint64_t* secret);
void store_secret(std::uint64_t* arguments, const std::uint64_t* secret);
void load_pair_with_secrets(std::uint64_t* arguments, const std::uint64_t* secret);
void store_secret_vectors(std::uint64_t* arguments, const std::uint64_t* secret);
void wait_with_secrets(std::uint64_t* arguments, const std::uint64_t* secret);
void signal_with_secrets(std::uint64_t* arguments, const std::uint64_t* secret);
}

namespace {

namespace gic = guest::gic;
namespace v1 = abi::v1_0;
using abi::v1_0::Ripas;

constinit guest::Claims claims("secrets");

constexpr std::uint64_t kSize = abi::kGranuleSize;
constexpr std::uint64_t kSuccess = 0, kIncomplete = 3;
constexpr std::uint64_t kUnknownFunction = 0xc600'1234;
constexpr std::int32_t kShort = 2000;  // counts of a timer
constexpr unsigned kSgi = 3;
constexpr std::uint64_t kPriorities = guest::kDistributor.value + 0x400;
constexpr unsigned kRounds = 64;

struct alignas(kSize) Public {
  std::byte call[kSize];   // of RSI_HOST_CALL
  std::byte token[kSize];  // of RSI_ATTESTATION_TOKEN_CONTINUE
};
Public publics[guest::kMaxCpus];
volatile unsigned interrupts[guest::kMaxCpus];

// This CPU's secrets: untouched RAM, some of which it works on, gives away and takes again.
abi::Ipa secrets_of(unsigned cpu) { return guest::memory_of(cpu).base; }
const std::uint64_t* words(abi::Ipa ipa) { return reinterpret_cast<const std::uint64_t*>(ipa.value); }

void on_interrupt() {
  const unsigned intid = gic::acknowledge();
  if (intid == gic::kVirtualTimer) guest::VirtualTimer::set_control(0);
  if (intid == gic::kSpurious) return;
  interrupts[guest::this_cpu()] = interrupts[guest::this_cpu()] + 1;
  gic::end(intid);
}

// Each secret becomes another one, without a branch or an address that depends on it. Complements stay complements:
// whatever bit of memory or registers shows later differs between two runs whose secrets are complements.
void work_on(abi::Ipa granule) {
  for (std::uint64_t at = 0; at < kSize; at += sizeof at) {
    const std::uint64_t word = guest::read64(granule.value + at);
    guest::write64(granule.value + at, (word << 7 | word >> 57) ^ (0x9e37'79b9'7f4a'7c15 * at));
  }
}

using Act = void(std::uint64_t*, const std::uint64_t*);

std::uint64_t act(unsigned cpu, Act* what, std::uint64_t x0, std::uint64_t x1 = 0, std::uint64_t x2 = 0,
                  std::uint64_t x3 = 0, std::uint64_t x4 = 0) {
  Arguments arguments = {x0, x1, x2, x3, x4};
  what(arguments, words(secrets_of(cpu)));
  return arguments[0];
}

void devices(unsigned cpu) {
  const std::uint64_t word = kPriorities + 64 + 4ULL * (cpu % 8);
  act(cpu, store_with_secrets, 0xf8a8'7810, word);
  claims.check(act(cpu, load_with_secrets, 0, word) == 0xf8a8'7810, "a device keeps what was stored");
  if (!guest::rsi_version().is_realm) return;  // a plain VM's host gives up on what has no syndrome
  const auto pair = guest::fault_of([&] { act(cpu, load_pair_with_secrets, 0, word); });
  claims.check(pair.is_external(), "a pair of loads is refused");
  const auto vectors = guest::fault_of([&] { act(cpu, store_secret_vectors, 0, word); });
  claims.check(vectors.is_external(), "a store of secret vectors is refused");
}

void waits_and_interrupts(unsigned cpu) {
  gic::start();
  gic::enable(gic::kVirtualTimer, 0x80);
  gic::enable(kSgi, 0x80);
  unsigned before = interrupts[cpu];
  guest::VirtualTimer::set_delay(kShort);
  guest::VirtualTimer::set_control(guest::kTimerEnable);
  while (interrupts[cpu] == before) {
    act(cpu, wait_with_secrets, 0);
    guest::unmask_irqs();
    guest::mask_irqs();
  }
  claims.check(true, "a timer ends WFI");

  // An interrupt at some time of the work.
  before = interrupts[cpu];
  guest::VirtualTimer::set_delay(kShort);
  guest::VirtualTimer::set_control(guest::kTimerEnable);
  guest::unmask_irqs();
  while (interrupts[cpu] == before) work_on(secrets_of(cpu));
  guest::mask_irqs();
  claims.check(true, "a timer interrupts work on secrets");

  before = interrupts[cpu];
  act(cpu, signal_with_secrets, 1ULL << (cpu % 16) | std::uint64_t{kSgi} << 24 | std::uint64_t{cpu / 16} << 16);
  guest::unmask_irqs();
  while (interrupts[cpu] == before) asm volatile("yield");
  guest::mask_irqs();
  claims.check(true, "a CPU signals itself");
}

void calls(unsigned cpu) {
  v1::RsiHostCall request{.imm = 0x27, .gprs = {}};
  request.gprs[0] = kUnknownFunction;
  abi::encode(request, publics[cpu].call);
  claims.check(act(cpu, call_with_secrets, v1::kRsiHostCall, guest::ipa_of(publics[cpu].call).value) == kSuccess,
               "a host call succeeds");
  claims.check(act(cpu, call_with_secrets, v1::kPsciAffinityInfo, guest::mpidr_of(cpu).value) == 0, "this CPU is on");
  act(cpu, call_with_secrets, kUnknownFunction);
  claims.check(true, "an unknown function returns");
}

// The REM becomes a function of the secret, and the token with it; both stay inside.
void measures_and_attests(unsigned cpu) {
  guest::SmcRegisters extend{v1::kRsiMeasurementExtend, 1 + cpu % 4, 64};
  for (unsigned i = 0; i < 8; ++i) extend[3 + i] = guest::read64(secrets_of(cpu).value + 8ULL * i);
  claims.check(guest::smc(extend)[0] == kSuccess, "a REM is extended by a secret");
  guest::SmcRegisters begin{v1::kRsiAttestationTokenInit};
  for (unsigned i = 0; i < 8; ++i) begin[1 + i] = i;
  claims.check(guest::smc(begin)[0] == kSuccess, "a token is begun");
  std::uint64_t status = kIncomplete;
  for (unsigned i = 0; status == kIncomplete && i < kRounds; ++i)
    status =
        act(cpu, call_with_secrets, v1::kRsiAttestationTokenContinue, guest::ipa_of(publics[cpu].token).value, 0, 512);
  claims.check(status == kSuccess, "and made");
}

// Granules full of secrets go to the host and come back; new ones are touched for the first time.
void gives_and_takes(unsigned cpu) {
  const abi::Ipa base = secrets_of(cpu) + kSize;
  const abi::IpaRange range{base, base + 3 * kSize};
  for (abi::Ipa ipa = range.base; ipa < range.top; ipa += kSize) {
    act(cpu, store_secret, 0, ipa.value);
    work_on(ipa);
  }
  for (const auto ripas : {Ripas::kEmpty, Ripas::kRam}) {
    std::uint64_t next = range.base.value;
    for (unsigned i = 0; next != range.top.value && i < kRounds; ++i) {
      Arguments arguments = {v1::kRsiIpaStateSet, next, range.top.value, static_cast<std::uint64_t>(ripas), 1};
      call_with_secrets(arguments, words(secrets_of(cpu)));
      if (arguments[0] != kSuccess) break;
      next = arguments[1];
    }
    claims.check(next == range.top.value, ripas == Ripas::kRam ? "EMPTY becomes RAM" : "RAM becomes EMPTY");
  }
  for (abi::Ipa ipa = range.base; ipa < range.top; ipa += kSize) work_on(ipa);
  // This host takes the granule away for it: a wiped one, and one that both share.
  guest::write64(range.base.value | guest::shared_alias(), 1);
  claims.check(guest::read64(range.base.value | guest::shared_alias()) == 1, "a shared granule takes its place");
}

void prove(unsigned cpu) {
  work_on(secrets_of(cpu));
  devices(cpu);
  waits_and_interrupts(cpu);
  if (!guest::rsi_version().is_realm) return;
  calls(cpu);
  measures_and_attests(cpu);
  gives_and_takes(cpu);
}

}  // namespace

extern "C" void first_cpu() {
  guest::on_irq(on_interrupt);
  const unsigned cpus = guest::start_others();
  prove(0);
  guest::wait_for_others(cpus);
  claims.conclude();
}

extern "C" void secondary_cpu(std::uint64_t cpu) {
  prove(static_cast<unsigned>(cpu));
  act(static_cast<unsigned>(cpu), call_with_secrets, v1::kPsciCpuOff);
}
