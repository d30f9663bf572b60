// SPDX-License-Identifier: GPL-2.0-or-later
// Command lines: the words of `ccasim run`, `inspect` and `payload`, one a line, the command first; and what a person
// writes inside them: sizes, times, numbers.
#include <algorithm>

#include "sim/app/options.h"
#include "sim/app/text.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = fuzz::as_text({data, size});
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (words.empty()) return 0;
  for (const std::string& word : words) {
    if (const auto bytes = sim::app::parse_size(word))
      fuzz::expect(!sim::app::format_size(*bytes).empty(), "a size without a text");
    (void)sim::app::parse_time_ns(word);
    if (const auto number = sim::app::parse_number(word))
      fuzz::expect(sim::app::parse_number(std::to_string(*number)) == number, "a number changes when written again");
  }
  const std::string command = words.front();
  words.erase(words.begin());
  if (command != "run" && command != "inspect" && command != "payload") return 0;
  const auto options = sim::app::parse_run_options(command, words);
  if (!options) {
    fuzz::refused(options.error().message);
  } else {
    fuzz::accepted();
    if (const auto* help = std::get_if<sim::app::HelpRequest>(&*options))
      fuzz::expect(!help->text.empty(), "help without a text");
    else
      fuzz::expect(command != "payload" || !std::get<sim::app::RunOptions>(*options).images.empty(),
                   "a payload without an image");
  }
  return 0;
}
