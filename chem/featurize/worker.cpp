#include "chem/featurize/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <system_error>

#include "chem/featurize/message.h"

namespace molten::chem {
namespace {

constexpr int child_socket = 3;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

// The child shares the caller's signal handlers and open files until here. Signals that ask the caller to save and stop also reach the
// process group: the child must outlive them, the caller decides when it ends.
void shed_inheritance(int socket) {
    for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
    for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE}) ::signal(signal, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (socket != child_socket) dup2(socket, child_socket);
    close_range(child_socket + 1, ~0u, 0);
}

rlim_t address_space_in_use() {
    long pages = 0;
    if (FILE* file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%ld", &pages) != 1) pages = 0;
        std::fclose(file);
    }
    return static_cast<rlim_t>(pages) * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
}

void limit_resources(const Limits& limits) {
    const rlim_t in_use = address_space_in_use();
    if (in_use > 0 && limits.memory_mib > 0) {
        rlimit memory{};
        getrlimit(RLIMIT_AS, &memory);
        const rlim_t wanted = in_use + (static_cast<rlim_t>(limits.memory_mib) << 20);
        memory.rlim_cur = std::min(wanted, memory.rlim_max);
        memory.rlim_max = memory.rlim_cur;
        setrlimit(RLIMIT_AS, &memory);
    }
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
}

// SIGPROF, whose default action ends the process, after this much processor time; 0 stops the clock.
void start_clock(double seconds) {
    itimerval timer{};
    timer.it_value.tv_sec = static_cast<time_t>(seconds);
    timer.it_value.tv_usec = static_cast<suseconds_t>((seconds - std::floor(seconds)) * 1e6);
    setitimer(ITIMER_PROF, &timer, nullptr);
}

bool read_some(FrameReader& frames) {
    char buffer[65536];
    for (;;) {
        const ssize_t count = ::read(child_socket, buffer, sizeof(buffer));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        frames.append({buffer, static_cast<std::size_t>(count)});
        return true;
    }
}

bool write_all(const std::string& bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t count = ::write(child_socket, bytes.data() + done, bytes.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        done += static_cast<std::size_t>(count);
    }
    return true;
}

// The exit status. After a row that ran out of memory the heap is in pieces, so the child leaves and the pool starts a fresh one.
int serve(const FeatureRequest& request, const PoolOptions& options) {
    FrameReader frames;
    std::string text;
    for (;;) {
        while (!frames.next(text)) {
            if (!read_some(frames)) return 0;
        }
        Features features;
        start_clock(request.limits.seconds);
        try {
            if (options.before_each) options.before_each(text);
            features = featurize(text, request);
        } catch (const std::bad_alloc&) {
            features = {};
            features.reason = Reason::memory;
        }
        start_clock(0);
        if (features.reason == Reason::memory) {
            features.message = "more than memory_mib = " + std::to_string(request.limits.memory_mib);
        }
        if (!write_all(encode_frame(features))) return 0;
        if (features.reason == Reason::memory) return worker_left;
    }
}

}  // namespace

Worker::Worker(const FeatureRequest& request, const PoolOptions& options) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair for a molecule worker");
    process_ = fork();
    if (process_ < 0) {
        close(ends[0]);
        close(ends[1]);
        fail("fork of a molecule worker");
    }
    if (process_ == 0) {
        try {
            shed_inheritance(ends[1]);
            limit_resources(request.limits);
            _exit(serve(request, options));
        } catch (...) {
            _exit(1);
        }
    }
    close(ends[1]);
    socket_ = ends[0];
    fcntl(socket_, F_SETFL, fcntl(socket_, F_GETFL) | O_NONBLOCK);
}

Worker::~Worker() { finish(); }

int Worker::finish() {
    if (process_ < 0) return status_;
    kill(process_, SIGKILL);
    while (waitpid(process_, &status_, 0) < 0 && errno == EINTR) {
    }
    close(socket_);
    process_ = -1;
    socket_ = -1;
    return status_;
}

}  // namespace molten::chem
