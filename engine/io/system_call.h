#pragma once
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "engine/io/fault.h"

// Shared by the .cpp files of this folder that make system calls.
namespace molten::io {

// Runs one system call (an int or ssize_t, negative with errno set on failure) under the fault plan, again for as long as a signal
// interrupts it.
template <class Call>
auto system_call(Call&& call) -> decltype(call()) {
    for (;;) {
        const fault::Decision decision = fault::next_call();
        if (decision.kill) fault::kill_process();
        decltype(call()) result = -1;
        if (decision.error != 0) {
            errno = decision.error;
        } else {
            result = call();
        }
        if (result >= 0 || errno != EINTR) return result;
    }
}

// Throws the Error for errno `error`: resources for a full disk, a device error and what else a write may meet, data for an input that
// cannot be opened. `needed` is how many bytes were to be written, 0 if it was not about bytes.
[[noreturn]] void throw_system_error(int error, std::string_view doing, const std::filesystem::path& path, std::uint64_t needed = 0,
                                     bool is_input = false);

}  // namespace molten::io
