#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "engine/io/file.h"

namespace molten::log {

// Lines for people: to the terminal as they are, to run.log with time and level (each line of a text that has several; blank ones are
// left out). A progress bar that is on the screen is taken away first and drawn again after.
class RunLog {
  public:
    RunLog() = default;                                  // terminal only
    explicit RunLog(const std::filesystem::path& file);  // appends
    void say(const std::string& line);                   // stdout
    void warn(const std::string& line);                  // stderr, yellow on a terminal unless NO_COLOR
    void note(const std::string& line);                  // run.log only

  private:
    void write(const char* level, const std::string& line);
    std::optional<io::File> file_;
};

std::string human_duration(double seconds);  // "850 ms", "12.3 s", "4 min 05 s", "2 h 10 min"; "?" for no time
std::string human_bytes(double bytes);       // "12.3 MiB"
std::string human_count(double count);       // "1,234,567"

}  // namespace molten::log
