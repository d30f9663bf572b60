// SPDX-License-Identifier: GPL-2.0-or-later
// Arm PrimeCell UART (PL011), DDI 0183. Transmission is instant, so the transmit FIFO is always empty. Received bytes
// come from the Console port and wait there, as if held by flow control, until the guest listens.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <tuple>

#include "host/port/console.h"
#include "host/vmm/devices/bus.h"
#include "host/vmm/devices/panic_watch.h"

namespace host::vmm {

struct Pl011State {
  static constexpr std::size_t kFifoDepth = 16;
  std::array<std::uint8_t, kFifoDepth> fifo{};
  std::uint8_t fifo_head = 0, fifo_count = 0;
  std::uint16_t ibrd = 0, fbrd = 0, lcr_h = 0, cr = 0x300, ifls = 0x12, imsc = 0, ris = 0, dmacr = 0, ilpr = 0;
  std::uint8_t flag_polls = 0;  // reads of FR in a row: a guest that waits for input without interrupts
  bool irq = false;             // level of the interrupt line as KVM was told
  auto members() {
    return std::tie(fifo, fifo_head, fifo_count, ibrd, fbrd, lcr_h, cr, ifls, imsc, ris, dmacr, ilpr, flag_polls, irq);
  }
};

class Pl011 : public MmioDevice {
 public:
  // `panic` reads the output along, if somebody does. `set_irq` drives the interrupt line; called only when its level
  // changes.
  Pl011(Pl011State& state, port::Console& console, PanicWatch* panic, std::function<void(bool)> set_irq)
      : state_(state), console_(console), panic_(panic), set_irq_(std::move(set_irq)) {}

  std::uint64_t read(std::uint64_t offset, unsigned size) override;
  void write(std::uint64_t offset, std::uint64_t value, unsigned size) override;

  // The console has something: takes what fits into the receive FIFO.
  void input_arrived();

 private:
  std::uint64_t read_data();
  std::uint64_t flags() const;
  std::size_t capacity() const;
  std::size_t receive_trigger() const;
  bool listening() const;
  void fill();
  void update_irq();

  Pl011State& state_;
  port::Console& console_;
  PanicWatch* panic_;
  std::function<void(bool)> set_irq_;
};

}  // namespace host::vmm
