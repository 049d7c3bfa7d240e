#pragma once
#include <stdexcept>
#include <string>

namespace molten {

// A kernel was asked for something it does not do: which op and shape, and which variant would.
class KernelError : public std::invalid_argument {
  public:
    using std::invalid_argument::invalid_argument;
};

inline void kernel_check(bool holds, const char* op, const std::string& what) {
    if (!holds) throw KernelError(std::string(op) + ": " + what);
}

}  // namespace molten
