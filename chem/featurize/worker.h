#pragma once
// Private to chem/featurize: one guarded process that computes features.
#include <sys/types.h>

#include <string>

#include "chem/featurize/features.h"
#include "chem/featurize/pool.h"

namespace molten::chem {

// Exit status of a worker that left on its own after an answer, because its memory was used up.
inline constexpr int worker_left = 9;

// A forked child at the other end of a socket. It reads text frames and answers each with one frame of features, in order. Its
// processor time per row and its memory are limited, it holds no other open file, and it ends when the socket does.
class Worker {
  public:
    // Throws std::system_error when the system gives no process or socket.
    Worker(const FeatureRequest& request, const PoolOptions& options);
    ~Worker();  // kills
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    int socket() const { return socket_; }  // non-blocking

    // Kills the child if it still runs, waits for it and says how it ended in a wait(2) status.
    int finish();

  private:
    pid_t process_ = -1;
    int socket_ = -1;
    int status_ = 0;
};

}  // namespace molten::chem
