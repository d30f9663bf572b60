// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/devices/pl011.h"

namespace host::vmm {

namespace {

enum Register : std::uint64_t {
  kDr = 0x00,
  kRsr = 0x04,
  kFr = 0x18,
  kIlpr = 0x20,
  kIbrd = 0x24,
  kFbrd = 0x28,
  kLcrH = 0x2C,
  kCr = 0x30,
  kIfls = 0x34,
  kImsc = 0x38,
  kRis = 0x3C,
  kMis = 0x40,
  kIcr = 0x44,
  kDmacr = 0x48,
  kPeriphId0 = 0xFE0,
};

// DDI 0183 3.3.15 and 3.3.16, revision r1p4 (its FIFOs are 16 deep).
constexpr std::array<std::uint8_t, 8> kIds{0x11, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1};

constexpr std::uint16_t kFlagRxEmpty = 1U << 4, kFlagRxFull = 1U << 6, kFlagTxEmpty = 1U << 7;
constexpr std::uint16_t kFlagCarrier = 1U << 0 | 1U << 1 | 1U << 2;  // CTS, DSR, DCD: somebody is at the other end
constexpr std::uint16_t kLcrFifoEnable = 1U << 4;
constexpr std::uint16_t kCrEnable = 1U << 0, kCrReceive = 1U << 9;
constexpr std::uint16_t kIntRx = 1U << 4, kIntTx = 1U << 5, kIntRxTimeout = 1U << 6;
constexpr std::uint16_t kIntAll = 0x7ff;

// A driver that polls for input reads FR over and over; one that drains the FIFO once at start-up doesn't.
constexpr std::uint8_t kPollsThatMeanListening = 8;

constexpr std::uint16_t low16(std::uint64_t value, std::uint16_t mask) {
  return static_cast<std::uint16_t>(value & mask);
}

}  // namespace

std::uint64_t Pl011::read(std::uint64_t offset, unsigned /*size*/) {
  if (offset == kFr) {
    if (state_.flag_polls < kPollsThatMeanListening) ++state_.flag_polls;
    input_arrived();
    return flags();
  }
  if (offset == kDr) return read_data();
  state_.flag_polls = 0;
  if (offset >= kPeriphId0 && offset < 0x1000) {
    return (offset & 3) == 0 ? kIds[static_cast<std::size_t>((offset - kPeriphId0) / 4)] : 0;
  }
  switch (offset) {
    case kIlpr: return state_.ilpr;
    case kIbrd: return state_.ibrd;
    case kFbrd: return state_.fbrd;
    case kLcrH: return state_.lcr_h;
    case kCr: return state_.cr;
    case kIfls: return state_.ifls;
    case kImsc: return state_.imsc;
    case kRis: return state_.ris;
    case kMis: return state_.ris & state_.imsc;
    case kDmacr: return state_.dmacr;
    default: return 0;  // RSR: no receive errors here; reserved offsets read as zero
  }
}

void Pl011::write(std::uint64_t offset, std::uint64_t value, unsigned /*size*/) {
  state_.flag_polls = 0;
  switch (offset) {
    case kDr: {
      // Sent even while UARTEN is clear: earlycon expects firmware to have enabled the UART.
      const auto byte = static_cast<std::uint8_t>(value);
      console_.put(byte);
      if (panic_ != nullptr) panic_->put(byte);
      state_.ris |= kIntTx;
      break;
    }
    case kIlpr: state_.ilpr = low16(value, 0xff); break;
    case kIbrd: state_.ibrd = low16(value, 0xffff); break;
    case kFbrd: state_.fbrd = low16(value, 0x3f); break;
    case kLcrH:
      // Turning the FIFOs on or off empties them.
      if (((state_.lcr_h ^ value) & kLcrFifoEnable) != 0) state_.fifo_head = state_.fifo_count = 0;
      state_.lcr_h = low16(value, 0xff);
      break;
    case kCr: state_.cr = low16(value, 0xff87); break;
    case kIfls: state_.ifls = low16(value, 0x3f); break;
    case kImsc: state_.imsc = low16(value, kIntAll); break;
    case kIcr: state_.ris = static_cast<std::uint16_t>(state_.ris & ~value); break;
    case kDmacr: state_.dmacr = low16(value, 7); break;
    default: break;  // ECR: no errors to clear; reserved offsets and read-only registers ignore writes
  }
  input_arrived();
}

void Pl011::input_arrived() {
  fill();
  update_irq();
}

std::uint64_t Pl011::read_data() {
  if (state_.fifo_count == 0) return 0;
  const std::uint8_t byte = state_.fifo[state_.fifo_head];
  state_.fifo_head = static_cast<std::uint8_t>((state_.fifo_head + 1) % Pl011State::kFifoDepth);
  --state_.fifo_count;
  if (state_.fifo_count < receive_trigger()) state_.ris = static_cast<std::uint16_t>(state_.ris & ~kIntRx);
  if (state_.fifo_count == 0) state_.ris = static_cast<std::uint16_t>(state_.ris & ~kIntRxTimeout);
  input_arrived();
  return byte;
}

std::uint64_t Pl011::flags() const {
  std::uint64_t value = kFlagCarrier | kFlagTxEmpty;
  if (state_.fifo_count == 0) value |= kFlagRxEmpty;
  if (state_.fifo_count == capacity()) value |= kFlagRxFull;
  return value;
}

std::size_t Pl011::capacity() const { return (state_.lcr_h & kLcrFifoEnable) != 0 ? Pl011State::kFifoDepth : 1; }

std::size_t Pl011::receive_trigger() const {
  if (capacity() == 1) return 1;
  // RXIFLSEL, DDI 0183 3.3.9: eighths of the FIFO; reserved encodings act as the largest.
  constexpr std::array<std::size_t, 8> kLevels{2, 4, 8, 12, 14, 14, 14, 14};
  return kLevels[(state_.ifls >> 3) & 7];
}

bool Pl011::listening() const {
  constexpr std::uint16_t kReceiving = kCrEnable | kCrReceive;
  if ((state_.cr & kReceiving) != kReceiving) return false;
  return (state_.imsc & (kIntRx | kIntRxTimeout)) != 0 || state_.flag_polls >= kPollsThatMeanListening;
}

void Pl011::fill() {
  if (!listening()) return;
  bool received = false;
  while (state_.fifo_count < capacity()) {
    const auto byte = console_.get();
    if (!byte) break;
    state_.fifo[(state_.fifo_head + state_.fifo_count) % Pl011State::kFifoDepth] = *byte;
    ++state_.fifo_count;
    received = true;
  }
  if (!received) return;
  // The line is instant, so the receive timeout has passed as soon as nothing more comes.
  state_.ris |= kIntRxTimeout;
  if (state_.fifo_count >= receive_trigger()) state_.ris |= kIntRx;
}

void Pl011::update_irq() {
  const bool level = (state_.ris & state_.imsc) != 0;
  if (level == state_.irq) return;
  state_.irq = level;
  set_irq_(level);
}

}  // namespace host::vmm
