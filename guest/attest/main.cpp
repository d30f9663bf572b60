// SPDX-License-Identifier: GPL-2.0-or-later
// Attestation tokens (DEN0137 1.0-rel0 A7.2): each CPU has a token operation of its own. CPU 0 prints its token.

#include <algorithm>
#include <span>
#include <string_view>

#include "guest/runtime/claims.h"
#include "guest/runtime/console.h"
#include "guest/runtime/image.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"
#include "guest/runtime/realm.h"
#include "guest/runtime/smc.h"
#include "rmm/abi/v1_0/function_ids.h"

namespace {

namespace v1 = abi::v1_0;

constinit guest::Claims claims("attest");

constexpr auto kSuccess = static_cast<std::uint64_t>(v1::RsiStatus::kSuccess);
constexpr auto kErrorInput = static_cast<std::uint64_t>(v1::RsiStatus::kErrorInput);
constexpr auto kErrorState = static_cast<std::uint64_t>(v1::RsiStatus::kErrorState);
constexpr auto kIncomplete = static_cast<std::uint64_t>(v1::RsiStatus::kIncomplete);
constexpr std::uint64_t kNotSupported = ~0ULL;

constexpr std::uint64_t kRemExtendedFirst = 1;

// Two tokens of one granule each, and what the monitor writes to: for each CPU, in granules that nothing else uses.
constexpr std::size_t kLongest = abi::kGranuleSize;
struct alignas(abi::kGranuleSize) Memory {
  std::byte window[abi::kGranuleSize];
  std::byte first[kLongest], second[kLongest];
};
Memory memories[guest::kMaxCpus];

// Eight doublewords of the challenge: FIRST, FIRST + 1, ...
guest::SmcResult begin(std::uint64_t first) {
  guest::SmcRegisters in{v1::kRsiAttestationTokenInit};
  for (unsigned i = 0; i < 8; ++i) in[1 + i] = first + i;
  const guest::SmcRegisters out = guest::smc(in);
  return {out[0], out[1], out[2], out[3]};
}

guest::SmcResult go_on(abi::Ipa granule, std::uint64_t offset, std::uint64_t size) {
  return guest::smc(v1::kRsiAttestationTokenContinue, granule.value, offset, size);
}

// Takes the rest of a token in hunks of at most `hunk` bytes, behind each other in the granule as A7.2.2 shows it.
// Nothing: a call failed, or the token is longer than `token`.
std::span<const std::byte> take(Memory& own, std::span<std::byte> token, std::uint64_t hunk) {
  std::size_t length = 0;
  for (;;) {
    const std::uint64_t offset = length % abi::kGranuleSize;
    const auto out = go_on(guest::ipa_of(own.window), offset, std::min(hunk, abi::kGranuleSize - offset));
    if ((out.x0 != kSuccess && out.x0 != kIncomplete) || out.x1 > token.size() - length) return {};
    for (std::size_t i = 0; i < out.x1; ++i) token[length + i] = own.window[offset + i];
    length += out.x1;
    if (out.x0 == kSuccess) return token.first(length);
  }
}

// Freestanding: there is no memcmp that std::ranges::equal could become.
bool equal(std::span<const std::byte> a, std::span<const std::byte> b) {
  bool same = a.size() == b.size();
  for (std::size_t i = 0; same && i < a.size(); ++i) same = a[i] == b[i];
  return same;
}

void print_token(std::span<const std::byte> token) {
  guest::print("token: ");
  for (const std::byte byte : token) {
    const char digits[] = {"0123456789abcdef"[static_cast<unsigned>(byte) >> 4],
                           "0123456789abcdef"[static_cast<unsigned>(byte) & 15]};
    guest::print(std::string_view(digits, 2));
  }
  guest::print("\n");
}

bool is_refused(abi::Ipa granule, std::uint64_t offset, std::uint64_t size) {
  const auto out = go_on(granule, offset, size);
  return out.x0 == kErrorInput && out.x1 == 0;
}

void prove_refusals(Memory& own) {
  const abi::Ipa window = guest::ipa_of(own.window);
  claims.check(is_refused(window + 8, 0, 16), "a buffer's granule has to be aligned");
  claims.check(is_refused({window.value | guest::shared_alias()}, 0, 16), "and protected");
  claims.check(is_refused(window, abi::kGranuleSize, 0), "an offset behind the granule is refused");
  claims.check(is_refused(window, 1, abi::kGranuleSize), "so is a buffer that ends behind it");
  claims.check(is_refused(window, 1, ~0ULL), "and one that wraps around");
}

void prove(unsigned cpu) {
  Memory& own = memories[cpu];
  const abi::Ipa window = guest::ipa_of(own.window);
  const std::uint64_t challenge = 0x0807'0605'0403'0200 + 0x100 * std::uint64_t{cpu};
  if (!guest::rsi_version().is_realm) {
    claims.check(begin(challenge).x0 == kNotSupported, "a plain VM has no tokens");
    return;
  }
  claims.check(go_on(window, 0, 16).x0 == kErrorState, "no token before TOKEN_INIT");
  const auto begun = begin(challenge);
  claims.check(begun.x0 == kSuccess && begun.x1 != 0 && begun.x1 <= kLongest, "TOKEN_INIT gives an upper bound");
  prove_refusals(own);
  const auto token = take(own, own.first, abi::kGranuleSize);
  claims.check(!token.empty() && token.size() <= begun.x1, "the token is at most as long");
  claims.check(go_on(window, 0, 16).x0 == kErrorState, "nothing comes behind its end");
  if (cpu == 0) print_token(token);

  begin(challenge);
  const auto again = take(own, own.second, 37);
  claims.check(equal(again, token), "in small hunks it is the same token");
  begin(challenge + 0x10000);
  claims.check(go_on(window, 0, 16).x0 == kIncomplete, "16 bytes aren't all of a token");
  begin(challenge);
  const auto restarted = take(own, own.second, abi::kGranuleSize);
  claims.check(equal(restarted, token), "TOKEN_INIT begins again");
  begin(challenge + 1);
  const auto other = take(own, own.second, abi::kGranuleSize);
  claims.check(other.size() == token.size() && !equal(other, token), "another challenge, another token");
}

}  // namespace

extern "C" void first_cpu() {
  if (guest::rsi_version().is_realm) {
    const auto extended = guest::smc(guest::SmcRegisters{v1::kRsiMeasurementExtend, kRemExtendedFirst, 4, 0x74736574});
    claims.check(extended[0] == kSuccess, "REM 1 is extended by \"test\"");
  }
  const unsigned cpus = guest::start_others();
  prove(0);
  guest::wait_for_others(cpus);
  claims.conclude();
}

extern "C" void secondary_cpu(std::uint64_t cpu) {
  prove(static_cast<unsigned>(cpu));
  guest::cpu_off();
}
