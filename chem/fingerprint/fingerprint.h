#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chem/molecule/molecule.h"

namespace molten::chem {

enum class FingerprintKind : std::uint8_t {
    morgan,               // circular environments (ECFP, FCFP); Rogers and Hahn, J. Chem. Inf. Model. 50:742 (2010)
    rdkit,                // branched paths of 1 to 7 bonds, Daylight-like
    atom_pair,            // Carhart, Smith, Venkataraghavan, J. Chem. Inf. Comput. Sci. 25:64 (1985)
    topological_torsion,  // Nilakantan et al., J. Chem. Inf. Comput. Sci. 27:82 (1987)
    maccs,                // 166 public keys, bit 0 unused: 167 wide
};

// Equal to the value of RDKit's Python functions of the same options:
//   morgan  GetMorganFingerprintAsBitVect | GetHashedMorganFingerprint
//   rdkit   RDKFingerprint | rdFingerprintGenerator.GetRDKitFPGenerator().GetCountFingerprint
//   atom_pair, topological_torsion  GetHashed...FingerprintAsBitVect | GetHashed...Fingerprint
//   maccs   MACCSkeys.GenMACCSKeys (bits only)
struct FingerprintOptions {
    FingerprintKind kind = FingerprintKind::morgan;
    int size = 2048;         // width; maccs has its own
    int radius = 2;          // morgan: bonds around the centre
    bool counts = false;     // occurrences instead of 0 and 1
    bool chirality = false;  // morgan, atom_pair, topological_torsion: R and S differ
    bool features = false;   // morgan: pharmacophore invariants (FCFP) instead of connectivity (ECFP)
};

// "morgan", "rdkit", "atom_pair", "topological_torsion", "maccs".
std::string_view fingerprint_name(FingerprintKind kind);

// The reverse. Throws std::invalid_argument that lists the names.
FingerprintKind fingerprint_kind(std::string_view name);

// Numbers that `fingerprint` returns with these options.
int fingerprint_width(const FingerprintOptions& options);

// One non-zero position of a fingerprint.
struct FingerprintEntry {
    std::uint32_t index;
    std::uint32_t count;
    bool operator==(const FingerprintEntry&) const = default;
};

// Non-zero positions in ascending order; counts are 1 unless options.counts. Throws std::invalid_argument for options out of range
// (size 1 to 2^24, radius 0 to 16, counts of maccs).
std::vector<FingerprintEntry> sparse_fingerprint(const Molecule& molecule, const FingerprintOptions& options = {});

// The same, dense: [fingerprint_width(options)].
std::vector<float> fingerprint(const Molecule& molecule, const FingerprintOptions& options = {});

// A bit set of `size` bits packed into 64-bit words, bit i in word i / 64.
struct BitVector {
    int size = 0;
    std::vector<std::uint64_t> words;
};

// Positions whose value is not zero.
BitVector pack_bits(std::span<const float> dense);

// |a and b| / |a or b|; 0 when both are empty (as RDKit). The sizes must be equal, else std::invalid_argument.
double tanimoto(const BitVector& a, const BitVector& b);

// sum min(a_i, b_i) / sum max(a_i, b_i) over non-negative counts; 0 when both are all zero.
double tanimoto(std::span<const float> a, std::span<const float> b);

// tanimoto of one query against many, into similarity[i].
void tanimoto(const BitVector& query, std::span<const BitVector> library, std::span<double> similarity);

}  // namespace molten::chem
