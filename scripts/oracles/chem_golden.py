#!/usr/bin/python3
"""Reference values for tests/chem from RDKit's Python (Debian's python3-rdkit, 2022.09.3).

Reads tests/chem/golden/molecules.smi and writes beside it
    molecules.tsv     SMILES, canonical SMILES, formula, heavy atoms, Murcko scaffold, or the error
    fingerprints.tsv  SMILES, options, non-zero positions
    graphs.tsv        SMILES, feature set, explicit hydrogens, sizes, non-zero node and bond features
The feature columns are computed here from their description in chem/graph/README.md, not from the C++.
Usage: chem_golden.py [folder]
"""
import math
import pathlib
import sys

from rdkit import Chem, RDLogger
from rdkit.Chem import AllChem, MACCSkeys, rdFingerprintGenerator, rdMolDescriptors
from rdkit.Chem.EState import EStateIndices
from rdkit.Chem.Scaffolds import MurckoScaffold

RDLogger.DisableLog("rdApp.*")
Hyb, Bond, Stereo = Chem.HybridizationType, Chem.BondType, Chem.BondStereo

CANONICAL_ELEMENTS = ("C N O S F Si P Cl Br Mg Na Ca Fe As Al I B V K Tl Yb Sb Sn Ag Pd Co Se Ti Zn H Li Ge Cu Au Ni Cd In Mn Zr "
                      "Cr Pt Hg Pb").split()
MOLTEN_ELEMENTS = "* H B C N O F Si P S Cl Ge As Se Br Sn Te I".split()


def one_hot(value, choices):
    return [float(value == c) for c in choices]


def canonical_atom(atom):
    return (one_hot(atom.GetSymbol(), CANONICAL_ELEMENTS) + one_hot(atom.GetDegree(), range(11))
            + one_hot(atom.GetImplicitValence(), range(7))
            + [atom.GetFormalCharge(), atom.GetNumRadicalElectrons()]
            + one_hot(atom.GetHybridization(), [Hyb.SP, Hyb.SP2, Hyb.SP3, Hyb.SP3D, Hyb.SP3D2])
            + [float(atom.GetIsAromatic())] + one_hot(atom.GetTotalNumHs(), range(5)))


def canonical_bond(bond):
    return (one_hot(bond.GetBondType(), [Bond.SINGLE, Bond.DOUBLE, Bond.TRIPLE, Bond.AROMATIC])
            + [float(bond.GetIsConjugated()), float(bond.IsInRing())]
            + one_hot(bond.GetStereo(), [Stereo.STEREONONE, Stereo.STEREOANY, Stereo.STEREOZ, Stereo.STEREOE, Stereo.STEREOCIS,
                                         Stereo.STEREOTRANS]))


def qm9_atom(atom):
    return (one_hot(atom.GetSymbol(), "HCNOF") + [atom.GetAtomicNum(), float(atom.GetIsAromatic())]
            + one_hot(atom.GetHybridization(), [Hyb.SP, Hyb.SP2, Hyb.SP3]) + [atom.GetTotalNumHs(includeNeighbors=True)])


def qm9_bond(bond):
    return one_hot(bond.GetBondType(), [Bond.SINGLE, Bond.DOUBLE, Bond.TRIPLE, Bond.AROMATIC])


def finite(x):
    return x if math.isfinite(x) else 0.0


def clamp(x, low, high):
    return max(low, min(high, x))


class Properties:
    """Per-atom quantities of a whole molecule."""

    def __init__(self, mol):
        AllChem.ComputeGasteigerCharges(mol)
        self.charge = [finite(a.GetDoubleProp("_GasteigerCharge")) for a in mol.GetAtoms()]
        self.hydrogen_charge = [finite(a.GetDoubleProp("_GasteigerHCharge")) for a in mol.GetAtoms()]
        with_h = Chem.AddHs(mol)
        contributions = rdMolDescriptors._CalcCrippenContribs(with_h)
        self.logp, self.refractivity = ([c[k] for c in contributions[:mol.GetNumAtoms()]] for k in (0, 1))
        for i in range(mol.GetNumAtoms(), with_h.GetNumAtoms()):
            bearer = with_h.GetAtomWithIdx(i).GetNeighbors()[0].GetIdx()
            self.logp[bearer] += contributions[i][0]
            self.refractivity[bearer] += contributions[i][1]
        self.polar_area = list(rdMolDescriptors._CalcTPSAContribs(mol))
        self.surface_area = [finite(x) for x in rdMolDescriptors._CalcLabuteASAContribs(mol)[0]]
        self.estate = [float(x) for x in EStateIndices(mol)]
        self.mask = list(rdMolDescriptors.GetFeatureInvariants(mol))
        distance = Chem.GetDistanceMatrix(mol, force=True)
        stars = [a.GetIdx() for a in mol.GetAtoms() if a.GetAtomicNum() == 0]
        self.backbone, self.proximity = [], []
        for i in range(mol.GetNumAtoms()):
            pairs = [(a, b) for a in stars for b in stars if a != b and distance[a][b] < 1e6]
            self.backbone.append(float(any(distance[a][i] + distance[i][b] == distance[a][b] for a, b in pairs)))
            near = [distance[a][i] for a in stars if distance[a][i] < 1e6]
            self.proximity.append(1 / (1 + min(near)) if near else 0.0)


def molten_atom(atom, p):
    i, info = atom.GetIdx(), atom.GetOwningMol().GetRingInfo()
    element = one_hot(atom.GetSymbol(), MOLTEN_ELEMENTS)
    sizes = {clamp(s, 3, 9) for s in info.AtomRingSizes(i)}
    code = atom.GetProp("_CIPCode") if atom.HasProp("_CIPCode") else ""
    rings = info.NumAtomRings(i)
    hybridization = one_hot(atom.GetHybridization(), [Hyb.S, Hyb.SP, Hyb.SP2, Hyb.SP3, Hyb.SP3D, Hyb.SP3D2])
    bonds = [b.GetBondType() for b in atom.GetBonds()]
    kinds = [sum(b == k for b in bonds) / 4 for k in (Bond.SINGLE, Bond.DOUBLE, Bond.TRIPLE, Bond.AROMATIC)]
    table, z = Chem.GetPeriodicTable(), atom.GetAtomicNum()
    return (element + [float(not any(element))] + one_hot(clamp(atom.GetDegree(), 0, 6), range(7))
            + one_hot(clamp(atom.GetTotalNumHs(includeNeighbors=True), 0, 4), range(5))
            + one_hot(clamp(atom.GetFormalCharge(), -2, 2), range(-2, 3)) + hybridization + [float(not any(hybridization))]
            + [float(atom.GetIsAromatic())] + [float(s in sizes) for s in range(3, 10)]
            + [float(rings > 0 and clamp(rings, 1, 3) == k) for k in (1, 2, 3)] + [float(code == "R"), float(code == "S")]
            + [float(bool(p.mask[i] & bit)) for bit in (1, 2, 8, 16, 32)]
            + kinds + [len(bonds) / 4 - sum(kinds), sum(b.GetIsConjugated() for b in atom.GetBonds()) / 4]
            + [atom.GetMass() / 100, table.GetRcovalent(z), table.GetRvdw(z) / 2, table.GetNOuterElecs(z) / 8]
            + [atom.GetTotalValence() / 4, atom.GetNumRadicalElectrons()]
            + [p.charge[i], p.hydrogen_charge[i], p.logp[i], p.refractivity[i] / 10, p.polar_area[i] / 20, p.surface_area[i] / 10,
               p.estate[i] / 10]
            + [p.backbone[i], p.proximity[i]])


def molten_bond(bond, p):
    info = bond.GetOwningMol().GetRingInfo()
    kind = qm9_bond(bond)
    sizes = {clamp(s, 3, 7) for s in info.BondRingSizes(bond.GetIdx())}
    ends = (bond.GetBeginAtom(), bond.GetEndAtom())
    triple = any(b.GetBondType() == Bond.TRIPLE for a in ends for b in a.GetBonds())
    rotatable = bond.GetBondType() == Bond.SINGLE and not sizes and all(a.GetDegree() > 1 for a in ends) and not triple
    return (kind + [float(not any(kind)), float(bond.GetIsConjugated())] + [float(s in sizes) for s in range(3, 8)]
            + [float(bond.GetStereo() in (Stereo.STEREOZ, Stereo.STEREOCIS))]
            + [float(bond.GetStereo() in (Stereo.STEREOE, Stereo.STEREOTRANS))]
            + [float(rotatable), float(all(p.backbone[a.GetIdx()] for a in ends))])


def features(mol, name):
    if name == "canonical":
        return [canonical_atom(a) for a in mol.GetAtoms()], [canonical_bond(b) for b in mol.GetBonds()]
    if name == "qm9":
        return [qm9_atom(a) for a in mol.GetAtoms()], [qm9_bond(b) for b in mol.GetBonds()]
    p = Properties(mol)
    return [molten_atom(a, p) for a in mol.GetAtoms()], [molten_bond(b, p) for b in mol.GetBonds()]


def sparse(row):
    return " ".join(f"{i}:{v:.7g}" for i, v in enumerate(row) if v != 0)


def graph_line(smiles, name, explicit_h):
    mol = Chem.MolFromSmiles(smiles)
    if explicit_h:
        mol = Chem.AddHs(mol)
    nodes, bonds = features(mol, name)
    orders = {Bond.DATIVE: 1.0}
    ends = " ".join(f"{b.GetBeginAtomIdx()}-{b.GetEndAtomIdx()}={orders.get(b.GetBondType(), b.GetBondTypeAsDouble())}"
                    for b in mol.GetBonds())
    return "\t".join([smiles, name, str(int(explicit_h)), str(len(nodes[0])), str(len(bonds[0]) if bonds else 0), ends,
                      ";".join(map(sparse, nodes)), ";".join(map(sparse, bonds))])


FINGERPRINTS = [(kind, size, radius, counts, chirality, feature)
                for kind, size, radius, counts, chirality, feature in [
                    ("morgan", 2048, 2, 0, 0, 0), ("morgan", 2048, 2, 1, 0, 0), ("morgan", 1024, 3, 0, 0, 0), ("morgan", 512, 3, 1, 1, 0),
                    ("morgan", 2048, 2, 0, 1, 0), ("morgan", 2048, 2, 0, 0, 1), ("morgan", 1000, 2, 1, 0, 1), ("morgan", 64, 0, 1, 0, 0),
                    ("rdkit", 2048, 0, 0, 0, 0), ("rdkit", 1024, 0, 1, 0, 0),
                    ("atom_pair", 2048, 0, 0, 0, 0), ("atom_pair", 2048, 0, 1, 1, 0),
                    ("topological_torsion", 2048, 0, 0, 0, 0), ("topological_torsion", 1024, 0, 1, 1, 0), ("maccs", 167, 0, 0, 0, 0)]]


def fingerprint(mol, kind, size, radius, counts, chirality, feature):
    if kind == "morgan":
        call = AllChem.GetHashedMorganFingerprint if counts else AllChem.GetMorganFingerprintAsBitVect
        fp = call(mol, radius, nBits=size, useChirality=bool(chirality), useFeatures=bool(feature))
    elif kind == "rdkit" and counts:
        fp = rdFingerprintGenerator.GetRDKitFPGenerator(fpSize=size).GetCountFingerprint(mol)
    elif kind == "rdkit":
        fp = Chem.RDKFingerprint(mol, fpSize=size)
    elif kind == "atom_pair":
        call = rdMolDescriptors.GetHashedAtomPairFingerprint if counts else rdMolDescriptors.GetHashedAtomPairFingerprintAsBitVect
        fp = call(mol, nBits=size, includeChirality=bool(chirality))
    elif kind == "topological_torsion":
        call = (rdMolDescriptors.GetHashedTopologicalTorsionFingerprint
                if counts else rdMolDescriptors.GetHashedTopologicalTorsionFingerprintAsBitVect)
        fp = call(mol, nBits=size, includeChirality=bool(chirality))
    else:
        fp = MACCSkeys.GenMACCSKeys(mol)
    if counts:
        return " ".join(f"{i}:{c}" for i, c in sorted(fp.GetNonzeroElements().items()))
    return " ".join(f"{i}:1" for i in fp.GetOnBits())


def molecule_line(smiles):
    mol = Chem.MolFromSmiles(smiles)
    if mol is None:
        return "\t".join([smiles, "", "", "", ""])
    return "\t".join([smiles, Chem.MolToSmiles(mol), rdMolDescriptors.CalcMolFormula(mol), str(mol.GetNumHeavyAtoms()),
                      MurckoScaffold.MurckoScaffoldSmiles(mol=mol)])


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2] / "tests/chem/golden")
    smiles = [line.split()[0] for line in (folder / "molecules.smi").read_text().splitlines()]
    readable = [s for s in smiles if Chem.MolFromSmiles(s) is not None]
    small = [s for s in readable if Chem.MolFromSmiles(s).GetNumAtoms() <= 32]
    (folder / "molecules.tsv").write_text("".join(molecule_line(s) + "\n" for s in smiles))
    with open(folder / "fingerprints.tsv", "w") as out:
        for s in readable[::4]:
            for options in FINGERPRINTS:
                print(s, *options, fingerprint(Chem.MolFromSmiles(s), *options), sep="\t", file=out)
    with open(folder / "graphs.tsv", "w") as out:
        for k, s in enumerate(small):
            if k % 2 == 0:
                print(graph_line(s, "molten", False), file=out)
            if k % 4 == 0:
                print(graph_line(s, "canonical", False), file=out)
                print(graph_line(s, "qm9", False), file=out)
            if k % 8 == 0:
                for name in ("canonical", "qm9", "molten"):
                    print(graph_line(s, name, True), file=out)


if __name__ == "__main__":
    main()
