#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace molten::chem {

// Why a row gives no molecule. `reason_name` is the stable code that reject files and predictions carry.
enum class Reason : std::uint8_t {
    none,                // usable
    empty,               // no text at all
    blank,               // a space or tab, alone or inside
    control_byte,        // a byte below 32 or 127: NUL, line breaks, escapes
    non_ascii,           // a byte above 127
    too_long,            // cap smiles_chars or molblock_bytes
    too_many_atoms,      // cap heavy_atoms
    too_many_rings,      // cap ring_closures
    too_many_fragments,  // cap fragments
    parse_error,         // not the grammar of SMILES or of a mol block
    no_atoms,            // parsed, but nothing in it
    valence,             // an atom with more bonds than its element permits
    kekulize,            // aromatic atoms without a Kekule structure
    sanitize_error,      // refused by another step of RDKit's sanitization
    rdkit_error,         // RDKit gave up with an error of its own
    timeout,             // cap seconds
    memory,              // cap memory_mib
    crashed,             // the worker process died on it
};

// "none", "empty", "blank" ...: the enumerator's own name. Throws std::out_of_range for a value that is no Reason.
std::string_view reason_name(Reason reason);

// The reverse; Reason::none for a name that is not known and for "none".
Reason reason_of(std::string_view name);

// Number of enumerators, for tables and for checking a byte read from a pipe.
inline constexpr int reason_count = static_cast<int>(Reason::crashed) + 1;

// What one molecule may cost. Each refusal names the cap that was hit.
struct Limits {
    int smiles_chars = 2000;
    int molblock_bytes = 1 << 20;
    int heavy_atoms = 500;
    int ring_closures = 200;
    int fragments = 50;
    double seconds = 2.0;   // processor time in a worker; waiting time is capped at seconds + 0.4
    int memory_mib = 1024;  // address space that a worker may add to what it was born with
};

struct Verdict {
    Reason reason = Reason::none;
    std::string message;  // empty when the reason is none
    bool usable() const { return reason == Reason::none; }
};

// Sizes of a SMILES as written, counted in one pass without building anything. For valid SMILES heavy_atoms and atoms are exact,
// fragments is an upper bound ("C1.C1" is one fragment).
struct SmilesSize {
    int atoms = 0;
    int heavy_atoms = 0;    // everything but [H], [2H], [H+] ...; `*` counts
    int ring_closures = 0;  // pairs of ring closure digits, rounded up
    int fragments = 1;
};
SmilesSize measure_smiles(std::string_view smiles);

// The checks that come before a toolkit sees a byte. RDKit 2022.09 takes '' for an empty molecule, reads 'C C' as C and stops at
// line breaks and NUL: all of these are refused here.
Verdict check_smiles(std::string_view smiles, const Limits& limits);

// The same for one mol block (V2000 or V3000): line breaks and tabs are legal, the size and the announced atom count are capped.
Verdict check_molblock(std::string_view block, const Limits& limits);

}  // namespace molten::chem
