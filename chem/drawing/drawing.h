#pragma once
#include <string>

#include "chem/molecule/molecule.h"

namespace molten::chem {

struct DrawingOptions {
    int width = 250;  // pixels, 16 to 4096
    int height = 200;
    bool colour = true;       // element colours; false: black and white
    bool background = false;  // a white rectangle behind; false: transparent
    std::string legend = {};  // a line below the structure
};

// The 2-D structure as one SVG element without XML prolog, to be put into a page. The same molecule and options give the same bytes.
// Throws std::invalid_argument for a size out of range.
std::string draw_svg(const Molecule& molecule, const DrawingOptions& options = {});

}  // namespace molten::chem
