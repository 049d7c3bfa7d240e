#include "train/loop/stop_signal.h"

#include <signal.h>
#include <unistd.h>

#include <array>

namespace molten::train {
namespace {

volatile sig_atomic_t asked = 0;
constexpr std::array<int, 3> kSignals = {SIGTERM, SIGINT, SIGUSR1};
std::array<struct sigaction, 3> before;

extern "C" void on_signal(int number) {
    if (asked) _exit(128 + number);
    asked = 1;
}

}  // namespace

StopSignal::StopSignal() {
    asked = 0;
    struct sigaction action = {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &before[i]);
}

StopSignal::~StopSignal() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before[i], nullptr);
}

bool StopSignal::requested() { return asked != 0; }

}  // namespace molten::train
