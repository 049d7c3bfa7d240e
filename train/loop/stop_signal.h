#pragma once

namespace molten::train {

// While one is alive, SIGTERM, SIGINT and SIGUSR1 ask for a stop at the next step boundary; a second one ends the process at once.
class StopSignal {
  public:
    StopSignal();
    ~StopSignal();
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;
    static bool requested();
};

}  // namespace molten::train
