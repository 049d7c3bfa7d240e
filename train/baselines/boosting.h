#pragma once
#include "train/baselines/problem.h"

namespace molten::baselines {

// Gradient boosted trees (Friedman 2001) with Newton leaves (Chen and Guestrin 2016): squared loss on the standardised target, logistic
// or softmax loss for classes (a tree per class and round). Each round draws `row_share` of the rows; the number of rounds is where the
// loss on the selection rows was smallest. Depth is chosen on the same rows. The rounds
// are limited so that all targets together take a minute or two on two cores; the settings say so when the limit was met.
void run_boosted_trees(const Problem&, Prediction&);

}  // namespace molten::baselines
