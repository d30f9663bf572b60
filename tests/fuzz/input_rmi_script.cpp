// SPDX-License-Identifier: GPL-2.0-or-later
// Scripts of `ccasim rmi-script`, played on the bare machine under the abstract model: a line is refused with its
// number and one message, or the script runs to its end, and whatever it does the monitor does what the model allows.
#include <algorithm>
#include <cstdio>

#include "sim/script/play.h"
#include "sim/script/program.h"
#include "tests/fuzz/input.h"

namespace {

namespace script = sim::script;

void check_error(const script::ScriptError& error, std::size_t lines) {
  fuzz::refused(error.message);
  fuzz::expect(error.line >= 1 && error.line <= lines, "a mistake is on a line that there is not");
}

// What is wrong with one line must not hide what the others do.
void comment_out(std::string& text, std::size_t line) {
  std::size_t at = 0;
  while (--line != 0) at = text.find('\n', at) + 1;
  text.insert(at, 1, '#');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text = fuzz::as_text({data, size});
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  auto program = script::parse(text);
  for (int tries = 0; !program && tries < 32; ++tries) {
    check_error(program.error(), lines);
    comment_out(text, program.error().line);
    program = script::parse(text);
  }
  if (!program) return 0;
  const auto one_line = [](std::string_view line) {
    fuzz::expect(line.find('\n') == std::string_view::npos, "what is said is more than one line");
  };
  const script::Played played = script::Play(*program, sim::bare::Check::kModel, one_line).run();
  for (const std::string& finding : played.findings) std::fprintf(stderr, "%s\n", finding.c_str());
  fuzz::expect(played.findings.empty(), "the monitor does what the model doesn't allow");
  if (played.error) {
    check_error(*played.error, lines);
  } else {
    fuzz::accepted();
  }
  return 0;
}
