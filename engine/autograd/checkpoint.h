#pragma once
#include <functional>

#include "engine/autograd/tape.h"

namespace molten {

// Runs fn(inputs) without recording it and replays it, with the same random numbers, when the gradient comes back: memory for
// one more forward pass. `fn` must be a pure function of its inputs and of leaves that outlive the tape; the gradients have
// the same bits as without the checkpoint.
Tensors checkpoint(std::function<Tensors(const Tensors&)> fn, Tensors inputs);

}  // namespace molten
