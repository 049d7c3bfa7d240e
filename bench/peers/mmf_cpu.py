"""Speed peer of molten on the CPU: the same multimodal model and batch in plain PyTorch.

Model (d = 128 by default): Chebyshev graph encoder (K terms, L residual layers, readout of attention, mean and sum), fingerprint,
descriptor and retrieval experts, cross-modal attention over [graph, fingerprint, descriptors], softmax gate, linear head.
Batch: synthetic molecules whose atom and bond counts follow a real set (heavy atoms 13 for ESOL, 27 for Lipophilicity, 8 for QM8).
Prints one JSON line per mode (eager, compiled): median seconds of one training step (forward, backward, gradient norm clip, AdamW)
and of one inference pass, after warm-up.
"""

import argparse
import json
import os
import statistics
import sys
import time


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=64, help="molecules in a batch")
    parser.add_argument("--atoms", type=float, default=27.0, help="mean heavy atoms of a molecule")
    parser.add_argument("--targets", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--width", type=int, default=128, help="d, the width of every embedding")
    parser.add_argument("--layers", type=int, default=4, help="L, Chebyshev layers")
    parser.add_argument("--terms", type=int, default=3, help="K, Chebyshev terms")
    parser.add_argument("--atom-features", type=int, default=60)
    parser.add_argument("--fingerprint-bits", type=int, default=2048)
    parser.add_argument("--descriptors", type=int, default=208)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--steps", type=int, default=100, help="timed steps")
    parser.add_argument("--warmup", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--compile", choices=["off", "on", "both"], default="both")
    parser.add_argument("--dump", help="write the batch (safetensors), so that the other side can read the same one")
    return parser.parse_args()


ARGUMENTS = parse_arguments()
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(ARGUMENTS.threads)  # read once, when torch is imported

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as functional  # noqa: E402
from torch import nn  # noqa: E402


def molecule_bonds(atoms, generator):
    """A random molecule-like graph: a tree of maximal degree 4 plus one ring closure for every nine atoms."""
    degree = np.zeros(atoms, dtype=int)
    bonds = set()
    for atom in range(1, atoms):
        candidates = [other for other in range(max(0, atom - 4), atom) if degree[other] < 3] or [atom - 1]
        other = candidates[generator.integers(len(candidates))]
        bonds.add((other, atom))
        degree[[other, atom]] += 1
    for _ in range(atoms // 9):
        first = int(generator.integers(0, max(1, atoms - 5)))
        second = min(atoms - 1, first + 5)
        if first != second and degree[first] < 4 and degree[second] < 4 and (first, second) not in bonds:
            bonds.add((first, second))
            degree[[first, second]] += 1
    return sorted(bonds)


def synthetic_batch(arguments):
    """Block-diagonal batch: the scaled Laplacian with lambda_max = 2 is -D^-1/2 A D^-1/2, no self loops."""
    generator = np.random.default_rng(arguments.seed)
    spread = max(1.0, 0.25 * arguments.atoms)
    sizes = np.maximum(1, np.rint(generator.normal(arguments.atoms, spread, arguments.batch))).astype(int)
    source, target, offset = [], [], 0
    for size in sizes:
        for first, second in molecule_bonds(int(size), generator):
            source += [first + offset, second + offset]
            target += [second + offset, first + offset]
        offset += int(size)
    nodes = int(sizes.sum())
    source, target = np.array(source, dtype=np.int64), np.array(target, dtype=np.int64)
    order = np.lexsort((target, source))
    source, target = source[order], target[order]
    degree = np.bincount(source, minlength=nodes)
    weight = (-1.0 / np.sqrt(degree[source] * degree[target])).astype(np.float32)
    return {
        "sizes": sizes,
        "row_start": np.concatenate([[0], np.cumsum(degree)]),
        "column": target,
        "weight": weight,
        "atoms": generator.random((nodes, arguments.atom_features), dtype=np.float32),
        "fingerprint": (generator.random((arguments.batch, arguments.fingerprint_bits)) < 0.02).astype(np.float32),
        "descriptors": generator.standard_normal((arguments.batch, arguments.descriptors), dtype=np.float32),
        "retrieval": generator.standard_normal((arguments.batch, 2 * arguments.targets + 1), dtype=np.float32),
        "y": generator.standard_normal((arguments.batch, arguments.targets), dtype=np.float32),
    }


def write_safetensors(path, batch):
    """The format is 8 bytes of header length, a JSON header, and the numbers: float as F32, indices as I32, largest dtype first."""
    arrays = {key: np.ascontiguousarray(value, dtype=np.float32 if value.dtype.kind == "f" else np.int32) for key, value in batch.items()}
    header, offset = {}, 0
    for key, value in arrays.items():
        dtype = "F32" if value.dtype == np.float32 else "I32"
        header[key] = {"dtype": dtype, "shape": list(value.shape), "data_offsets": [offset, offset + value.nbytes]}
        offset += value.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for value in arrays.values():
            file.write(value.tobytes())


def to_tensors(batch):
    nodes = len(batch["atoms"])
    tensors = {key: torch.from_numpy(batch[key]) for key in ("atoms", "fingerprint", "descriptors", "retrieval", "y")}
    laplacian = torch.sparse_csr_tensor(
        torch.from_numpy(batch["row_start"]), torch.from_numpy(batch["column"]), torch.from_numpy(batch["weight"]), size=(nodes, nodes)
    )
    molecule = torch.from_numpy(np.repeat(np.arange(len(batch["sizes"])), batch["sizes"]))
    return {**tensors, "laplacian": laplacian, "molecule": molecule, "sizes": torch.from_numpy(batch["sizes"].astype(np.float32))}


class Propagate(torch.autograd.Function):
    """L x for a constant symmetric sparse L: its own transpose serves the backward pass."""

    @staticmethod
    def forward(context, laplacian, x):
        context.laplacian = laplacian
        return torch.mm(laplacian, x)

    @staticmethod
    def backward(context, gradient):
        return None, torch.mm(context.laplacian, gradient.contiguous())


class ChebConv(nn.Module):
    def __init__(self, width, terms):
        super().__init__()
        self.terms = terms
        self.linear = nn.Linear(terms * width, width)

    def forward(self, laplacian, x):
        basis = [x]
        if self.terms > 1:
            basis.append(Propagate.apply(laplacian, x))
        for _ in range(2, self.terms):
            basis.append(2 * Propagate.apply(laplacian, basis[-1]) - basis[-2])
        return self.linear(torch.cat(basis, dim=1))


def two_layers(inputs, hidden, outputs, dropout):
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, outputs))


class MultimodalModel(nn.Module):
    def __init__(self, arguments):
        super().__init__()
        width, dropout = arguments.width, arguments.dropout
        self.embed = nn.Linear(arguments.atom_features, width)
        self.layers = nn.ModuleList([ChebConv(width, arguments.terms) for _ in range(arguments.layers)])
        self.score_hidden = nn.Linear(width, width)
        self.score = nn.Linear(width, 1, bias=False)
        self.readout = nn.Linear(3 * width, width)
        self.fingerprint = two_layers(arguments.fingerprint_bits, width, width, dropout)
        self.descriptors = two_layers(arguments.descriptors, width, width, dropout)
        self.retrieval = two_layers(2 * arguments.targets + 1, width, width, dropout)
        self.attention = nn.MultiheadAttention(width, 4, batch_first=True)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.experts = nn.ModuleList([two_layers(width, width, width, dropout) for _ in range(5)])
        self.gate = nn.Linear(5 * width, 5)
        self.head = nn.Linear(width, arguments.targets)

    def graph(self, batch):
        molecules = len(batch["sizes"])
        h = functional.relu(self.embed(batch["atoms"]))
        for layer in self.layers:
            h = h + functional.relu(layer(batch["laplacian"], h))

        def per_molecule(x):
            return x.new_zeros(molecules, x.shape[1]).index_add_(0, batch["molecule"], x)

        weight = torch.exp(self.score(torch.tanh(self.score_hidden(h))))
        attended = per_molecule(weight * h) / per_molecule(weight)
        total = per_molecule(h)
        return functional.relu(self.readout(torch.cat([total / batch["sizes"][:, None], total / 9, attended], dim=1)))

    def forward(self, batch):
        graph = self.dropout(self.graph(batch))
        fingerprint = self.fingerprint(batch["fingerprint"])
        descriptors = self.descriptors(batch["descriptors"])
        retrieval = self.retrieval(batch["retrieval"])
        tokens = torch.stack([graph, fingerprint, descriptors], dim=1)
        attended, _ = self.attention(tokens, tokens, tokens, need_weights=False)
        inputs = [self.norm(tokens + attended).mean(dim=1), graph, fingerprint, descriptors, retrieval]
        gate = torch.softmax(self.gate(torch.cat(inputs, dim=1)), dim=1)
        mixture = sum(gate[:, i : i + 1] * expert(x) for i, (expert, x) in enumerate(zip(self.experts, inputs)))
        return self.head(mixture)


def median_seconds(step, arguments):
    for _ in range(arguments.warmup):
        step()
    seconds = []
    for _ in range(arguments.steps):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def measure(arguments, batch, compiled):
    torch.manual_seed(arguments.seed)
    model = MultimodalModel(arguments)
    run = torch.compile(model) if compiled else model
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.05, foreach=True)

    def train_step():
        optimizer.zero_grad()
        loss = functional.mse_loss(run(batch), batch["y"])
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    def inference():
        with torch.no_grad():
            run(batch)

    model.train()
    train_seconds = median_seconds(train_step, arguments)
    model.eval()
    inference_seconds = median_seconds(inference, arguments)
    return train_seconds, inference_seconds, sum(p.numel() for p in parameters)


def main():
    arguments = ARGUMENTS
    torch.set_num_threads(arguments.threads)
    raw = synthetic_batch(arguments)
    if arguments.dump:
        write_safetensors(arguments.dump, raw)
    batch = to_tensors(raw)
    for compiled in {"off": [False], "on": [True], "both": [False, True]}[arguments.compile]:
        line = {
            "peer": "pytorch", "version": torch.__version__, "compile": compiled, "threads": arguments.threads,
            "batch": arguments.batch, "nodes": len(raw["atoms"]), "edges": len(raw["column"]), "targets": arguments.targets,
            "width": arguments.width, "layers": arguments.layers, "terms": arguments.terms,
        }  # fmt: skip
        try:
            train_seconds, inference_seconds, count = measure(arguments, batch, compiled)
        except Exception as error:  # torch.compile needs a C++ compiler and support for sparse inputs
            if not compiled:
                raise
            line["error"] = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}"
        else:
            line.update(parameters=count, train_step_s=round(train_seconds, 6), inference_s=round(inference_seconds, 6))
            line["train_molecules_per_s"] = round(arguments.batch / train_seconds, 1)
            line["inference_molecules_per_s"] = round(arguments.batch / inference_seconds, 1)
        print(json.dumps(line), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
