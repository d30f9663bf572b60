// SPDX-License-Identifier: GPL-2.0-or-later
// RSI_ATTESTATION_TOKEN_INIT and CONTINUE (B5.3.1, B5.3.2), the token's form (A7.2.3) and what may come between
// (A7.2.2).
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "rmm/core/measurement.h"
#include "tests/rmm/run_bench.h"

using namespace bench;

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t kSuccess = 0, kInput = 1, kState = 2, kIncomplete = 3, kUnknown = 4;
constexpr std::uint64_t kGranule = abi::kGranuleSize;

struct Answer {
  std::uint64_t x0, x1;
  bool operator==(const Answer&) const = default;
};

Answer call(Bench& b, const std::vector<std::uint64_t>& args) {
  b.smc(args);
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
  CHECK(b.sync.held == 0);
  return {b.cpu().x(0), b.cpu().x(1)};
}

// The challenge's bytes are FIRST, FIRST + 1, ...
Answer init(Bench& b, std::uint8_t first = 0) {
  std::vector<std::uint64_t> args{v1_0::kRsiAttestationTokenInit};
  for (unsigned word = 0; word < 8; ++word) {
    std::uint64_t value = 0;
    for (unsigned i = 8; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(first + 8 * word + i);
    args.push_back(value);
  }
  const Answer answer = call(b, args);
  CHECK(answer.x0 == kSuccess);
  return answer;
}

std::vector<std::uint64_t> continue_args(std::uint64_t addr, std::uint64_t offset, std::uint64_t size) {
  return {v1_0::kRsiAttestationTokenContinue, addr, offset, size};
}
Answer go_on(Bench& b, std::uint64_t size, std::uint64_t offset = 0) {
  return call(b, continue_args(kAssigned.value, offset, size));
}

Bytes in_memory(Bench& b, std::uint64_t offset, std::uint64_t size) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(b.memory.bytes(kData)) + offset;
  return {bytes, bytes + size};
}

// The rest of the token, in hunks of at most `hunk` bytes.
Bytes take(Bench& b, std::uint64_t hunk = kGranule) {
  Bytes token;
  for (;;) {
    const Answer answer = go_on(b, hunk);
    const Bytes more = in_memory(b, 0, answer.x1);
    token.insert(token.end(), more.begin(), more.end());
    if (answer.x0 != kIncomplete) {
      CHECK(answer.x0 == kSuccess);
      return token;
    }
    REQUIRE(answer.x1 == hunk);
  }
}

// What the page's failure conditions say of state: nothing of the operation or of the realm's memory changes.
struct Unchanged {
  explicit Unchanged(Bench& b) : bench(b), before(b.rec().attestation), data(in_memory(b, 0, kGranule)) {}
  void check() {
    CHECK(bench.rec().attestation.members() == before.members());
    CHECK(in_memory(bench, 0, kGranule) == data);
  }
  Bench& bench;
  rmm::core::AttestationState before;
  Bytes data;
};

Bytes hex(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  Bytes out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
  return out;
}
Bytes text(std::string_view value) { return {value.begin(), value.end()}; }
Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}
Bytes two_bytes(std::size_t value) {
  return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value & 0xff)};
}

// A COSE_Key of the fake platform's point: {1: 2, -1: 2, -2: x, -3: y}.
Bytes public_key() {
  return joined(
      {hex("a401022002215830"), Bytes(48, fake::Attestation::kX), hex("225830"), Bytes(48, fake::Attestation::kY)});
}

// The realm's claims as CBOR, written by hand: challenge 0, 1, ...; measurement `i` begins with 0x10 * i.
Bytes expected_claims(const rmm::core::Realm& realm, bool sha512) {
  Bytes challenge(64);
  for (unsigned i = 0; i < 64; ++i) challenge[i] = static_cast<std::uint8_t>(i);
  const auto measurement = [&](unsigned index) {
    const auto& value = realm.measurements[index];
    return sha512 ? joined({hex("5840"), Bytes(value.begin(), value.end())})
                  : joined({hex("5820"), Bytes(value.begin(), value.begin() + 32)});
  };
  return joined({hex("a80a5840"), challenge, hex("190109781c"), text("tag:arm.com,2023:realm#1.0.0"), hex("19accb5840"),
                 Bytes(realm.rpv.begin(), realm.rpv.end()), hex("19accc67"), text(sha512 ? "sha-512" : "sha-256"),
                 hex("19accd586b"), public_key(), hex("19acce"), measurement(0), hex("19accf84"), measurement(1),
                 measurement(2), measurement(3), measurement(4), hex("19acd067"), text("sha-256")});
}

Bytes expected_token(const Bytes& platform, const Bytes& claims) {
  const Bytes header = hex("a1013822");
  const Bytes to_sign =
      joined({hex("846a"), text("Signature1"), hex("44"), header, hex("4059"), two_bytes(claims.size()), claims});
  const auto digest = rmm::core::sha384(std::as_bytes(std::span(to_sign)));
  Bytes signature(digest.begin(), digest.end());
  for (const std::uint8_t byte : digest) signature.push_back(static_cast<std::uint8_t>(~byte));
  const Bytes realm =
      joined({hex("d28444"), header, hex("a059"), two_bytes(claims.size()), claims, hex("5860"), signature});
  return joined(
      {hex("d9018fa219acca59"), two_bytes(platform.size()), platform, hex("19acd159"), two_bytes(realm.size()), realm});
}

void measure(Bench& b) {
  for (unsigned index = 0; index < b.realm().measurements.size(); ++index)
    for (unsigned i = 0; i < 64; ++i) b.realm().measurements[index][i] = static_cast<std::uint8_t>(0x10 * index + i);
}

}  // namespace

TEST_CASE("a token has the form of A7.2.3, with the claims of a SHA-256 or a SHA-512 realm") {
  const bool sha512 = GENERATE(false, true);
  Bench b;
  measure(b);
  b.realm().hash_algo = sha512 ? v1_0::HashAlgorithm::kSha512 : v1_0::HashAlgorithm::kSha256;
  init(b);
  CHECK(take(b) == expected_token(b.attestation.platform, expected_claims(b.realm(), sha512)));
}

TEST_CASE("the platform's challenge is the SHA-256 of the key's claim") {
  Bench b;
  init(b);
  take(b);
  const Bytes key = public_key();
  const auto digest = rmm::core::hash(v1_0::HashAlgorithm::kSha256, std::as_bytes(std::span(key)));
  CHECK(b.attestation.challenge == Bytes(digest.begin(), digest.begin() + 32));
}

TEST_CASE("TOKEN_INIT returns the size that a token with the longest platform part has") {
  Bench b;
  b.attestation.platform.resize(b.attestation.max_platform = GENERATE(1U, 23U, 24U, 255U, 256U, 1000U, 70000U));
  const std::uint64_t bound = init(b).x1;
  CHECK(take(b).size() == bound);
}

TEST_CASE("claims are those of TOKEN_INIT, whatever is extended later (D8)") {
  Bench b;
  init(b);
  const Bytes token = take(b);
  init(b);
  b.realm().measurements[1].fill(0xee);
  CHECK(take(b) == token);
  init(b);
  CHECK(take(b) != token);
}

TEST_CASE("hunks of any size give the same token") {
  Bench b;
  b.attestation.platform.resize(b.attestation.max_platform = 9000);  // more than two granules
  init(b);
  const Bytes token = take(b);
  CHECK(token.size() > 9000);
  for (const std::uint64_t hunk : {kGranule, kGranule - 1, std::uint64_t{1000}, std::uint64_t{37}}) {
    init(b);
    CHECK(take(b, hunk) == token);
  }
}

TEST_CASE("a hunk is written where it belongs, and nothing beside it") {
  Bench b;
  init(b);
  std::memset(b.memory.bytes(kData), 0xcc, kGranule);
  CHECK(go_on(b, 10, 100) == Answer{kIncomplete, 10});
  CHECK(in_memory(b, 100, 4) == hex("d9018fa2"));
  CHECK(in_memory(b, 0, 100) == Bytes(100, 0xcc));
  CHECK(in_memory(b, 110, kGranule - 110) == Bytes(kGranule - 110, 0xcc));
}

TEST_CASE("a buffer of no bytes gets none, one that the token just fills ends it") {
  Bench b;
  init(b);
  const std::uint64_t size = take(b).size();
  init(b);
  CHECK(go_on(b, 0) == Answer{kIncomplete, 0});
  CHECK(go_on(b, size) == Answer{kSuccess, size});
  CHECK_FALSE(b.rec().attestation.in_progress);
  CHECK(go_on(b, size).x0 == kState);
}

TEST_CASE("A7.2.2 second TOKEN_INIT: it ends the operation and begins another", "[easily-skipped]") {
  Bench b;
  init(b, 7);
  const Bytes wanted = take(b);
  init(b, 99);
  CHECK(go_on(b, 500) == Answer{kIncomplete, 500});
  init(b, 7);
  CHECK(take(b) == wanted);
}

TEST_CASE("each REC has an operation of its own") {
  Bench b;
  init(b);
  CHECK_FALSE(b.rec(1).attestation.in_progress);
  b.cpu(1).script.push_back([](Cpu& c) {
    c.set_x(0, v1_0::kRsiAttestationTokenContinue);
    c.set_x(1, kAssigned.value);
    return abi::Exception{.esr = esr::make(esr::Ec::kSmc64, 0)};
  });
  rmm::run::enter(b.environment, b.pe, b.rec(1), b.realm(), {}, b.exit);
  CHECK(b.cpu(1).x(0) == kState);
  CHECK(take(b).size() > 500);
}

TEST_CASE("RSI_ATTESTATION_TOKEN_CONTINUE addr_align, addr_bound, offset_bound, size_overflow, size_bound, state") {
  struct Case {
    const char* id;
    std::uint64_t status, addr, offset, size;
  };
  const Case cases[] = {
      {"addr_align", kInput, kAssigned.value + 8, 0, 16},     {"addr_bound", kInput, kShared, 0, 16},
      {"offset_bound", kInput, kAssigned.value, kGranule, 0}, {"size_overflow", kInput, kAssigned.value, 1, ~0ULL},
      {"size_bound", kInput, kAssigned.value, 1, kGranule},   {"state", kState, kAssigned.value, 0, 16},
  };
  for (const Case& c : cases) {
    CAPTURE(c.id);
    Bench b;
    if (c.status != kState) init(b);
    Unchanged unchanged(b);
    CHECK(call(b, continue_args(c.addr, c.offset, c.size)) == Answer{c.status, 0});
    CHECK(b.observer.events.at(b.observer.events.size() - 2).ends_with(c.id));
    CHECK(b.attestation.asked == 0);
    unchanged.check();
  }
}

TEST_CASE("RSI_ATTESTATION_TOKEN_CONTINUE unknown: firmware fails, and may be asked again") {
  const int broken = GENERATE(0, 1, 2, 3);
  Bench b;
  init(b);
  Unchanged unchanged(b);
  const Bytes platform = b.attestation.platform;
  if (broken == 0) b.attestation.fails = true;
  if (broken == 1) b.attestation.platform.clear();
  if (broken == 2) b.attestation.platform.resize(b.attestation.max_platform + 1);
  if (broken == 3)
    b.attestation.while_asked = [&] { b.attestation.fails = b.attestation.asked == 2; };  // the signature
  CHECK(go_on(b, kGranule) == Answer{kUnknown, 0});
  CHECK(b.observer.events.at(b.observer.events.size() - 2) ==
        "RSI_ATTESTATION_TOKEN_CONTINUE RSI_ERROR_UNKNOWN unknown");
  CHECK(b.rec().attestation.in_progress);
  if (broken != 3) unchanged.check();
  b.attestation.fails = false;
  b.attestation.platform = platform;
  CHECK(take(b) == expected_token(platform, expected_claims(b.realm(), false)));
}

TEST_CASE("M8: an interrupt before or inside CONTINUE is an exit, and then RSI_INCOMPLETE with no bytes",
          "[easily-skipped][A7.2.2 interrupt inside CONTINUE]") {
  const unsigned inside = GENERATE(0U, 1U, 2U);  // which request to firmware it comes in; 0: before the call
  Bench b;
  init(b);
  const int runs = b.cpu().runs;
  b.then([inside, &b](Cpu& c) {
    const auto args = continue_args(kAssigned.value, 0, kGranule);
    for (unsigned i = 0; i < args.size(); ++i) c.set_x(i, args[i]);
    b.pe.irq = inside == 0;
    return abi::Exception{.esr = esr::make(esr::Ec::kSmc64, 0)};
  });
  b.attestation.while_asked = [&] { b.pe.irq = b.attestation.asked == inside; };
  const std::uint64_t pc = b.cpu().pc();
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
  CHECK(named_fields(b.exit) == Names{"exit_reason"});
  CHECK(b.cpu().runs == runs + 1);
  CHECK(b.attestation.asked == inside);
  CHECK(b.cpu().x(0) == kIncomplete);
  CHECK(b.cpu().x(1) == 0);
  CHECK(b.cpu().pc() == pc + 4);
  b.pe.irq = false;
  CHECK(take(b) == expected_token(b.attestation.platform, expected_claims(b.realm(), false)));
  CHECK(b.attestation.asked == 2);
}

TEST_CASE("M8: an FIQ inside CONTINUE is an exit due to FIQ") {
  Bench b;
  init(b);
  b.attestation.while_asked = [&] { b.pe.fiq = true; };
  b.smc(continue_args(kAssigned.value, 0, kGranule));
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kFiq));
  CHECK(b.cpu().x(0) == kIncomplete);
  CHECK(b.cpu().x(1) == 0);
}

TEST_CASE("D10: CONTINUE into memory that is not there is a data abort exit, and loses nothing") {
  const abi::Ipa ipa = GENERATE(kUnassigned, kDestroyed);
  Bench b;
  init(b);
  b.smc(continue_args(ipa.value, 0, kGranule));
  const std::uint64_t pc = b.cpu().pc();
  CHECK(named_fields(b.enter()) == Names{"esr", "hpfar"});
  CHECK(b.exit.hpfar == esr::hpfar_from_ipa(ipa.value));
  CHECK((b.exit.esr & esr::kFscMask) == kTranslation3);
  CHECK(b.cpu().pc() == pc);
  CHECK(b.attestation.asked == 0);  // nothing is made that cannot be handed out
  CHECK(take(b) == expected_token(b.attestation.platform, expected_claims(b.realm(), false)));
}

TEST_CASE("D10: CONTINUE into EMPTY memory is refused, and loses nothing") {
  Bench b;
  init(b);
  Unchanged unchanged(b);
  CHECK(call(b, continue_args(kEmpty.value, 0, kGranule)) == Answer{kInput, 0});
  CHECK(b.attestation.asked == 0);  // a call that fails makes no part of the token
  unchanged.check();
  CHECK(take(b) == expected_token(b.attestation.platform, expected_claims(b.realm(), false)));
}

TEST_CASE("D10: memory that becomes EMPTY while the token is made: the realm makes the call again, and it is refused") {
  Bench b;
  init(b);
  const rmm::core::RttEntry mapped{
      .state = rmm::core::RttState::kAssigned, .ripas = v1_0::Ripas::kRam, .address = kData};
  rmm::core::RttEntry lost = mapped;
  lost.ripas = v1_0::Ripas::kEmpty;
  b.attestation.while_asked = [&] { b.set_entry(kAssigned, lost); };
  b.smc(continue_args(kAssigned.value, 0, kGranule));
  const std::uint64_t pc = b.cpu().pc();
  const std::size_t told = b.observer.events.size();
  b.enter();
  CHECK(b.cpu().pc() == pc);
  CHECK(b.cpu().x(0) == v1_0::kRsiAttestationTokenContinue);
  CHECK(b.observer.events.size() == told + 1);  // the REC exit
  b.attestation.while_asked = {};
  CHECK(go_on(b, kGranule) == Answer{kInput, 0});
  b.set_entry(kAssigned, mapped);
  CHECK(take(b) == expected_token(b.attestation.platform, expected_claims(b.realm(), false)));
}

TEST_CASE("D10: memory that goes while the token is made is a data abort exit, and loses nothing") {
  Bench b;
  init(b);
  const rmm::core::RttEntry mapped{
      .state = rmm::core::RttState::kAssigned, .ripas = v1_0::Ripas::kRam, .address = kData};
  b.attestation.while_asked = [&] { b.set_entry(kAssigned, {.ripas = v1_0::Ripas::kDestroyed}); };
  b.smc(continue_args(kAssigned.value, 0, kGranule));
  const std::uint64_t pc = b.cpu().pc();
  CHECK(named_fields(b.enter()) == Names{"esr", "hpfar"});
  CHECK((b.exit.esr & esr::kFscMask) == kTranslation3);
  CHECK(b.cpu().pc() == pc);
  b.attestation.while_asked = {};
  b.set_entry(kAssigned, mapped);
  CHECK(take(b) == expected_token(b.attestation.platform, expected_claims(b.realm(), false)));
}

TEST_CASE("D10: the data abort of a table that goes while the token is made names the level where the walk ends now") {
  Bench b;
  init(b);
  b.attestation.while_asked = [&] {
    b.memory.write64(kRtt2, rmm::core::encode({.ripas = v1_0::Ripas::kDestroyed}, 2));  // as RMI_RTT_DESTROY
  };
  b.smc(continue_args(kAssigned.value, 0, kGranule));
  CHECK(named_fields(b.enter()) == Names{"esr", "hpfar"});
  CHECK((b.exit.esr & esr::kFscMask) == (esr::kFscTranslation | 2));
}

TEST_CASE("M8: the other actors may go on before each part of a token is made") {
  Bench b;
  init(b);
  struct Steps : fake::Sync {
    void step(const rmm::port::Step& step) override {
      if (step.point == std::string_view("attestation_token_continue") && step.access == rmm::port::Access::kWrite)
        ++count;
    }
    unsigned count = 0;
  } steps;
  rmm::port::Platform watched{b.memory, b.gpt, b.tlb, b.cpus, steps, b.clock, b.entropy, &b.observer, &b.attestation};
  b.smc(continue_args(kAssigned.value, 0, kGranule));
  rmm::run::enter({watched, b.state, b.limits, b.switches}, b.pe, b.rec(), b.realm(), {}, b.exit);
  CHECK(steps.count == 3);  // the platform's part, the realm's part, and the look that finds both
}

TEST_CASE("M8: a signature of several rounds is seen by an interrupt between them, and goes on where it was") {
  struct Slow : fake::Attestation {
    unsigned rounds() const override { return 3; }
    void work() override {
      ++asked;
      done.push_back("work");
      if (while_asked) while_asked();
    }
    std::optional<abi::token::Es384Signature> sign(const abi::token::Sha384Digest& digest) override {
      done.push_back("realm");
      return fake::Attestation::sign(digest);
    }
    std::optional<abi::token::Bytes> platform_token(abi::token::ByteView given) override {
      done.push_back("platform");
      return fake::Attestation::platform_token(given);
    }
    std::vector<std::string> done;
  } slow;
  const unsigned interrupted = GENERATE(0U, 1U, 2U, 3U, 4U, 5U, 6U);  // in which of six rounds; 0: in none
  Bench b;
  b.platform.attestation = &slow;
  init(b);
  slow.while_asked = [&] { b.pe.irq = slow.asked == interrupted; };
  if (interrupted != 0) {
    CHECK(go_on(b, kGranule) == Answer{kIncomplete, 0});
    CHECK(slow.done.size() == interrupted);
    b.pe.irq = false;
  }
  CHECK(take(b) == expected_token(slow.platform, expected_claims(b.realm(), false)));
  CHECK(slow.done == std::vector<std::string>{"work", "work", "platform", "work", "work", "realm"});
}
