#include "engine/io/fault.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/core/error.h"

namespace molten::io::fault {
namespace {

struct Plan {
    Decision decision;
    std::uint64_t first = 0;
    bool persistent = false;
};

std::atomic<std::uint64_t> call_count = 0;

Decision decision_of(std::string_view kind) {
    if (kind == "kill") return {.kill = true};
    if (kind == "short") return {.shorten = true};
    if (kind == "enospc") return {.error = ENOSPC};
    if (kind == "edquot") return {.error = EDQUOT};
    if (kind == "eio") return {.error = EIO};
    if (kind == "einval") return {.error = EINVAL};
    if (kind == "eintr") return {.error = EINTR};
    throw Error(ExitCode::usage, fmt::format("MOLTEN_FAULT: unknown kind \"{}\"", kind),
                "kinds: kill, enospc, edquot, eio, einval, eintr, short");
}

Plan plan_from_environment() {
    Plan plan;
    const char* text = std::getenv("MOLTEN_FAULT");
    if (text == nullptr || *text == '\0') return plan;
    std::string_view rest = text;
    const std::size_t colon = rest.find(':');
    plan.decision = decision_of(rest.substr(0, colon));
    rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), plan.first);
    const std::string_view tail(end, static_cast<std::size_t>(rest.data() + rest.size() - end));
    plan.persistent = tail == "+";
    if (error != std::errc() || plan.first == 0 || !(tail.empty() || plan.persistent)) {
        throw Error(ExitCode::usage, fmt::format("MOLTEN_FAULT: \"{}\" is not of the form kind:K or kind:K+ with K >= 1", text));
    }
    if (plan.persistent && plan.decision.error == EINTR) throw Error(ExitCode::usage, "MOLTEN_FAULT: eintr without end would never end");
    return plan;
}

void write_count() {
    const char* path = std::getenv("MOLTEN_FAULT_COUNT");
    if (path == nullptr) return;
    if (std::FILE* file = std::fopen(path, "w")) {
        fmt::print(file, "{}\n", call_count.load());
        std::fclose(file);
    }
}

}  // namespace

Decision next_call() {
    static const Plan plan = [] {
        if (std::getenv("MOLTEN_FAULT_COUNT") != nullptr) std::atexit(write_count);
        return plan_from_environment();
    }();
    const std::uint64_t call = ++call_count;
    if (plan.first == 0 || call < plan.first || (call > plan.first && !plan.persistent)) return {};
    return plan.decision;
}

std::uint64_t calls() { return call_count; }

void kill_process() {
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();
}

}  // namespace molten::io::fault
