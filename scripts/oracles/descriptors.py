#!/usr/bin/python3
"""Write RDKit's 2-D descriptors as CSV: the reference that tests/chem/test_descriptors.cpp compares with.

    scripts/oracles/descriptors.py --golden            > tests/chem/golden/descriptors.csv
    scripts/oracles/descriptors.py --smiles list.txt   > big.csv      (one SMILES a line; .csv and .csv.gz by --column)
    scripts/oracles/descriptors.py --smiles list.txt --time           (molecules a second of the Python list alone)

Values are Python's shortest text that reads back as the same double; nan where RDKit raises. Needs python3-rdkit 2022.09.
"""
import argparse
import csv
import gzip
import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # Ipc of large molecules is rounding noise that depends on it
import numpy

if not hasattr(numpy, "float"):
    numpy.float = float  # RDKit 2022.09's Ipc asks for the alias that NumPy 1.24 removed

from rdkit import Chem, RDLogger
from rdkit.Chem import Descriptors

from descriptors_molecules import golden_molecules

RDLogger.DisableLog("rdApp.*")
numpy.seterr(all="ignore")


def values(molecule):
    row = []
    for _, function in Descriptors._descList:
        try:
            row.append(float(function(molecule)))
        except Exception:
            row.append(float("nan"))
    return row


def text(value):
    return "%d" % value if value == value and abs(value) < 1e15 and value == int(value) else repr(value)


def read(path, column):
    opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path)
    with opened as file:
        if column:
            return [row[column] for row in csv.DictReader(file)]
        return [line.split()[0] for line in file if line.strip()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", action="store_true", help="the molecules of descriptors_molecules.py")
    parser.add_argument("--smiles", nargs="+", default=[], help="files with SMILES")
    parser.add_argument("--column", help="the files are CSV and this is their SMILES column")
    parser.add_argument("--time", action="store_true", help="measure only")
    options = parser.parse_args()
    smiles = golden_molecules() if options.golden else [s for path in options.smiles for s in read(path, options.column)]
    parsed = [(s, m) for s, m in ((s, Chem.MolFromSmiles(s)) for s in smiles) if m is not None and m.GetNumAtoms()]
    if options.golden and len(parsed) != len(smiles):
        sys.exit("unparsable: %s" % sorted(set(smiles) - {s for s, _ in parsed}))
    if options.time:
        start = time.process_time()
        for _, molecule in parsed:
            values(molecule)
        seconds = time.process_time() - start
        print("%d molecules, %.1f molecules/s of processor time" % (len(parsed), len(parsed) / seconds))
        return
    print("smiles," + ",".join(name for name, _ in Descriptors._descList))
    for s, molecule in parsed:
        print(s + "," + ",".join(map(text, values(molecule))))


if __name__ == "__main__":
    main()
