// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/terminal.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>

namespace sim::app {
namespace {

constexpr char kCtrlC = 3;
constexpr std::size_t kBufferSize = 1 << 16;
constexpr auto kLookInterval = std::chrono::milliseconds(2);
constexpr auto kForget = std::chrono::seconds(2);  // a second Ctrl-C later than this asks again

// Signal handlers reach only these.
termios saved_settings;
volatile std::sig_atomic_t settings_saved = 0;
volatile std::sig_atomic_t signals_seen = 0;

void restore_settings() {
  if (settings_saved != 0) {
    tcsetattr(STDIN_FILENO, TCSANOW, &saved_settings);
    settings_saved = 0;
  }
}

using Hook = void (*)(void*);
std::atomic<Hook> signal_hook{nullptr};
std::atomic<void*> hook_argument{nullptr};

void call_hook() {
  if (const Hook hook = signal_hook.load()) hook(hook_argument.load());
}

void count_interrupt(int) {
  signals_seen = signals_seen + 1;
  call_hook();
}

void tick(int) {
  call_hook();
  alarm(1);
}

void restore_and_die(int signal) {
  restore_settings();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

std::chrono::steady_clock::time_point last_interrupt;

}  // namespace

Terminal::Terminal(bool wanted) : interactive_(wanted && isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0) {
  for (const int signal : {SIGTERM, SIGHUP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGQUIT})
    std::signal(signal, restore_and_die);
  std::signal(SIGINT, count_interrupt);
  std::signal(SIGPIPE, SIG_IGN);
  if (!interactive_) return;
  if (tcgetattr(STDIN_FILENO, &saved_settings) != 0) {
    interactive_ = false;
    return;
  }
  settings_saved = 1;
  termios raw = saved_settings;
  raw.c_iflag &= ~static_cast<tcflag_t>(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
  raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | IEXTEN | ISIG);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

Terminal::~Terminal() {
  flush();
  restore();
}

void Terminal::restore() { restore_settings(); }

void Terminal::set_signal_hook(void (*hook)(void*), void* argument) {
  if (hook == nullptr) alarm(0);
  signal_hook.store(nullptr);
  hook_argument.store(argument);
  signal_hook.store(hook);
}

void Terminal::tick_every_second() {
  std::signal(SIGALRM, tick);
  alarm(1);
}

bool Terminal::shows_output() { return isatty(STDOUT_FILENO) != 0; }

bool Terminal::shows_progress() { return isatty(STDERR_FILENO) != 0; }

void Terminal::put(std::uint8_t byte) {
  out_ += static_cast<char>(byte);
  if (out_.size() >= kBufferSize || byte == '\n') flush();
}

void Terminal::flush() {
  std::size_t done = 0;
  while (done < out_.size() && output_ok_) {
    const ssize_t n = ::write(STDOUT_FILENO, out_.data() + done, out_.size() - done);
    if (n > 0)
      done += static_cast<std::size_t>(n);
    else if (errno != EINTR && errno != EAGAIN)
      output_ok_ = false;
  }
  out_.clear();
}

std::optional<std::uint8_t> Terminal::read_key() {
  if (!interactive_) return std::nullopt;
  if (keys_.empty()) {
    const auto now = std::chrono::steady_clock::now();
    if (now - looked_ < kLookInterval) return std::nullopt;
    looked_ = now;
    std::array<char, 256> buffer{};
    const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n <= 0) return std::nullopt;
    keys_.assign(buffer.data(), static_cast<std::size_t>(n));
    if (const auto pressed = std::count(keys_.begin(), keys_.end(), kCtrlC); pressed != 0) {
      signals_seen = signals_seen + static_cast<int>(pressed);
      call_hook();
    }
  }
  const auto key = static_cast<std::uint8_t>(keys_.front());
  keys_.erase(0, 1);
  return key;
}

void Terminal::wait(std::uint64_t ns) {
  flush();
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  const std::uint64_t ms = std::min<std::uint64_t>((ns + 999'999) / 1'000'000, 1000);
  ::poll(&input, interactive_ ? 1 : 0, static_cast<int>(ms));
  looked_ = {};
}

void Terminal::say(std::string_view message) {
  flush();
  std::fprintf(stderr, "%s%.*s%s", interactive_ ? "\r\n" : "", static_cast<int>(message.size()), message.data(),
               settings_saved != 0 ? "\r\n" : "\n");
}

bool Terminal::ended() {
  if (signals_seen == 0) return interrupts_ >= 2;
  const auto now = std::chrono::steady_clock::now();
  if (interrupts_ == 1 && now - last_interrupt > kForget) interrupts_ = 0;
  interrupts_ += static_cast<unsigned>(signals_seen);
  signals_seen = 0;
  last_interrupt = now;
  if (interrupts_ == 1) say("ccasim: interrupted once; press Ctrl-C again within two seconds to end the run");
  return interrupts_ >= 2;
}

}  // namespace sim::app
