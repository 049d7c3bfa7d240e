#pragma once

namespace molten::report {

// The page's style sheet: light, dark by the reader's preference, light on paper.
extern const char* const kStyle;

}  // namespace molten::report
