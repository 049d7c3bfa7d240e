#!/usr/bin/python3
"""Molecules a second of RDKit's Python beside chem's, for the same features of the same 2,000 molecules (lipophilicity), one after the
other on the same machine.

Usage: featurise_rdkit.py path/to/test_chem [data folder]
The first figure of each pair is per second of wall clock, the second per second of processor time (fair when the machine is busy).
"""
import csv
import gzip
import os
import pathlib
import subprocess
import sys
import time

import numpy
from rdkit import Chem, RDLogger
from rdkit.Chem import AllChem, Descriptors
from rdkit.Chem.Scaffolds import MurckoScaffold

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "scripts/oracles"))
import chem_golden  # noqa: E402

RDLogger.DisableLog("rdApp.*")
numpy.float = float  # RDKit 2022.09 still asks for the old name


def graph(mol, name):
    nodes, bonds = chem_golden.features(mol, name)
    return numpy.array(nodes, numpy.float32), numpy.array(bonds, numpy.float32)


def morgan(mol):
    array = numpy.zeros(2048, numpy.float32)
    array[list(AllChem.GetMorganFingerprintAsBitVect(mol, 2, 2048).GetOnBits())] = 1
    return array


WORKLOADS = {
    "parse": lambda mol: mol,
    "morgan": morgan,
    "scaffold": lambda mol: MurckoScaffold.MurckoScaffoldSmiles(mol=mol),
    "graph_canonical+morgan+smiles": lambda mol: (graph(mol, "canonical"), morgan(mol), Chem.MolToSmiles(mol)),
    "graph_molten+morgan+smiles": lambda mol: (graph(mol, "molten"), morgan(mol), Chem.MolToSmiles(mol)),
    "descriptors": lambda mol: [function(mol) for _, function in Descriptors.descList],
}


def main():
    runner = sys.argv[1]
    data = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else os.environ.get("MOLTEN_DATA", "../shared/data")).resolve()
    with gzip.open(data / "moleculenet/lipo.csv.gz", "rt") as file:
        smiles = [row["smiles"] for row in csv.DictReader(file)][:2000]
    peer = {}
    for name, work in WORKLOADS.items():
        few = smiles[:200] if name in ("descriptors", "graph_molten+morgan+smiles") else smiles
        wall, processor = time.perf_counter(), time.process_time()
        for s in few:
            work(Chem.MolFromSmiles(s))
        peer[name] = len(few) / (time.perf_counter() - wall), len(few) / (time.process_time() - processor)
    output = subprocess.run([runner, "-tc=throughput*", "--no-skip"], env={**os.environ, "MOLTEN_DATA": str(data)}, text=True,
                            stdout=subprocess.PIPE, check=True).stdout
    print("features | RDKit Python | molten in process | 1 worker | 2 workers | ratio of processor time")
    ours = {}
    for line in output.splitlines():
        if line.startswith("throughput "):
            _, name, workers, wall, processor = line.split()
            ours.setdefault(name, {})[int(workers)] = float(wall), float(processor)
    for name, figures in ours.items():
        cells = [f"{wall:.0f} ({processor:.0f})" for wall, processor in [peer[name]] + [figures[w] for w in (0, 1, 2)]]
        print(name, *cells, f"{figures[0][1] / peer[name][1]:.1f}x", sep=" | ")


if __name__ == "__main__":
    main()
