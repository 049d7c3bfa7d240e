#pragma once
#include <cstdint>

// Faults on purpose, for tests: every system call of file.cpp asks here first. Nothing but file.cpp and its tests includes this.
//
//   MOLTEN_FAULT=kind:K    at the K-th call (counted from 1 over the process)
//   MOLTEN_FAULT=kind:K+   at the K-th call and all that follow
//     kill     the process gets SIGKILL; a write has by then put half of its bytes on the file
//     enospc   the call fails with ENOSPC; edquot, eio, einval, eintr likewise
//     short    a read or write moves half of its bytes
//   MOLTEN_FAULT_COUNT=path  the number of calls is written to `path` when the process exits
namespace molten::io::fault {

struct Decision {
    int error = 0;         // errno of the failure to play, 0: none
    bool shorten = false;  // move half of the bytes only
    bool kill = false;     // SIGKILL, after half of a write
};

// Counts one call and says what is to happen to it. Throws Error(usage) if MOLTEN_FAULT cannot be read.
Decision next_call();
// Calls counted so far.
std::uint64_t calls();
// Ends the process by SIGKILL.
[[noreturn]] void kill_process();

}  // namespace molten::io::fault
