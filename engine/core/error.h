#pragma once
#include <stdexcept>
#include <string>

namespace molten {

// Exit codes of every molten command.
enum class ExitCode : int {
    ok = 0,
    usage = 2,        // wrong flag, key or value
    data = 3,         // input that cannot be used
    resources = 4,    // memory, disk, device
    numbers = 5,      // NaN or infinity where there must be none
    corrupt = 6,      // a file that is damaged or not what it says
    preempted = 75,   // stopped by a signal after saving
};

// What went wrong, where (file:row:column) and why, in `what()`; what to do about it in `hint()`.
class Error : public std::runtime_error {
  public:
    explicit Error(ExitCode code, const std::string& what, std::string hint = {})
        : std::runtime_error(what), code_(code), hint_(std::move(hint)) {}
    ExitCode code() const { return code_; }
    const std::string& hint() const { return hint_; }

  private:
    ExitCode code_;
    std::string hint_;
};

}  // namespace molten
