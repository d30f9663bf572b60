// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/devices/panic_watch.h"

namespace host::vmm {

namespace {

constexpr std::size_t kMaxLine = 512;

}  // namespace

void PanicWatch::put(std::uint8_t byte) {
  if (byte != '\n') {
    if (byte != '\r' && state_.line.size() < kMaxLine) state_.line.push_back(static_cast<char>(byte));
    return;
  }
  // The end marker repeats the announcement's words, so it is looked for first.
  if (state_.line.find("---[ end Kernel panic") != std::string::npos) {
    state_.ended = true;
    if (state_.message.empty()) state_.message = state_.line;
  } else if (state_.message.empty() && state_.line.find("Kernel panic - not syncing") != std::string::npos) {
    state_.message = state_.line;
  }
  state_.line.clear();
}

}  // namespace host::vmm
