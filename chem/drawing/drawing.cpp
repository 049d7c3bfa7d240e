#include "chem/drawing/drawing.h"

#include <GraphMol/MolDraw2D/MolDraw2DSVG.h>
#include <GraphMol/MolDraw2D/MolDraw2DUtils.h>
#include <GraphMol/RWMol.h>
#include <fmt/format.h>

#include <stdexcept>

#include "chem/molecule/rdkit_molecule.h"

namespace molten::chem {

std::string draw_svg(const Molecule& molecule, const DrawingOptions& options) {
    const auto fits = [](int pixels) { return pixels >= 16 && pixels <= 4096; };
    if (!fits(options.width) || !fits(options.height)) {
        throw std::invalid_argument(fmt::format("a drawing of {} x {} pixels is not within 16 to 4096", options.width, options.height));
    }
    RDKit::MolDraw2DSVG drawer(options.width, options.height);
    if (!options.colour) RDKit::assignBWPalette(drawer.drawOptions().atomColourPalette);
    drawer.drawOptions().clearBackground = options.background;
    drawer.drawOptions().fixedBondLength = 28;  // pixels at most: a small molecule does not fill the picture
    RDKit::MolDraw2DUtils::prepareAndDrawMolecule(drawer, rdkit(molecule), options.legend);
    drawer.finishDrawing();
    std::string svg = drawer.getDrawingText();
    const std::size_t start = svg.find("<svg");
    return start == std::string::npos ? svg : svg.substr(start);
}

}  // namespace molten::chem
