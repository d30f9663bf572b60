// SPDX-License-Identifier: GPL-2.0-or-later
// RSI_HOST_CALL (DEN0137 1.0-rel0 A4.5): registers travel to the host and back in a structure in memory. This host
// takes the first for an SMCCC function: it answers those of PSCI that it offers, and NOT_SUPPORTED to what it doesn't
// know. Its kernel may leave the answers to user space, which can also say who it is.

#include <span>

#include "guest/runtime/claims.h"
#include "guest/runtime/console.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/image.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"
#include "guest/runtime/realm.h"
#include "guest/runtime/smc.h"
#include "rmm/abi/v1_0/function_ids.h"

namespace {

namespace v1 = abi::v1_0;

constinit guest::Claims claims("hostcall");

constexpr std::uint64_t kUnknownFunction = 0xc600'1234;  // SMCCC: a vendor's hypervisor service
constexpr std::uint64_t kHypervisorUid = 0x8600'ff01;    // SMCCC: who is the hypervisor, in X0 to X3
constexpr std::uint64_t kNotSupported = ~0ULL;
constexpr std::size_t kSize = abi::Layout<v1::RsiHostCall>::kSize;

// One call for each CPU, aligned to its size, in a granule that nothing else uses.
alignas(abi::kGranuleSize) std::byte calls[guest::kMaxCpus][kSize];

enum class Answer : std::uint64_t { kSuccess = 0, kErrorInput = 1, kNotSupported = ~0ULL };

Answer call(abi::Ipa ipa) { return static_cast<Answer>(guest::smc(v1::kRsiHostCall, ipa.value).x0); }

v1::RsiHostCall ask(unsigned cpu, std::uint64_t function) {
  v1::RsiHostCall request{.imm = 0x1234, .gprs = {}};
  request.gprs[0] = function;
  for (std::size_t i = 1; i < request.gprs.size(); ++i) request.gprs[i] = 0x1000 * i;
  abi::encode(request, calls[cpu]);
  claims.check(call(guest::ipa_of(calls[cpu])) == Answer::kSuccess, "a host call succeeds");
  return abi::decode<v1::RsiHostCall>(calls[cpu]);
}

// A host whose VMM answers host calls says who it is; a kernel alone doesn't know the function.
void ask_who(unsigned cpu) {
  const v1::RsiHostCall uid = ask(cpu, kHypervisorUid);
  if (uid.gprs[0] == kNotSupported) {
    claims.check(uid.gprs[1] == 0x1000, "the host doesn't say who it is");
    return;
  }
  bool words = true;
  for (unsigned i = 0; i < 4; ++i) words &= uid.gprs[i] >> 32 == 0;
  claims.check(words && uid.gprs[4] == 0x4000, "the host says who it is, in four registers");
  if (cpu == 0) {
    guest::print(guest::Hex{uid.gprs[0]}, " ", guest::Hex{uid.gprs[1]}, " ", guest::Hex{uid.gprs[2]}, " ",
                 guest::Hex{uid.gprs[3]}, "\n");
  }
}

void prove(unsigned cpu) {
  const abi::Ipa own = guest::ipa_of(calls[cpu]);
  if (!guest::rsi_version().is_realm) {
    claims.check(call(own) == Answer::kNotSupported, "a plain VM has no host calls");
    return;
  }
  const v1::RsiHostCall unknown = ask(cpu, kUnknownFunction);
  claims.check(unknown.gprs[0] == kNotSupported, "the host doesn't know the function");
  claims.check(unknown.imm == 0x1234 && unknown.gprs[7] == 0x7000 && unknown.gprs[30] == 0x1e000,
               "all other registers come back as they went");
  ask_who(cpu);
  claims.check(ask(cpu, v1::kPsciVersion).gprs[0] == v1::kPsciVersion11, "the host has PSCI 1.1");

  claims.check(call(own + 8) == Answer::kErrorInput, "a structure that isn't aligned is refused");
  claims.check(call({own.value | guest::shared_alias()}) == Answer::kErrorInput, "so is one in shared memory");
  const abi::Ipa given_up = guest::memory_of(cpu).base;
  const bool is_empty =
      guest::set_ripas({given_up, given_up + abi::kGranuleSize}, v1::Ripas::kEmpty, guest::OfDestroyed::kChange);
  claims.check(is_empty && call(given_up) == Answer::kErrorInput, "and one where no memory is");
}

}  // namespace

extern "C" void first_cpu() {
  const unsigned cpus = guest::start_others();
  prove(0);
  guest::wait_for_others(cpus);
  claims.conclude();
}

extern "C" void secondary_cpu(std::uint64_t cpu) {
  prove(static_cast<unsigned>(cpu));
  guest::cpu_off();
}
