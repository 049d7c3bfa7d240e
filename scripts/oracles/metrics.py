#!/usr/bin/env python3
"""Writes tests/train/golden/metrics.json: reference values of metrics, baselines and uncertainty measures.

Needs scikit-learn, scipy and numpy (python3 -m venv v && v/bin/pip install scikit-learn scipy numpy). The product needs no Python.
Usage: scripts/oracles/metrics.py [output file]
"""
import json
import math
import pathlib
import sys
import warnings

import numpy as np
import scipy
import scipy.optimize
import scipy.stats
import sklearn
from sklearn import metrics as sk
from sklearn.calibration import _SigmoidCalibration, calibration_curve
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import SVC, SVR

warnings.filterwarnings("ignore")


def numbers(values):
    """A list for JSON; NaN becomes null."""
    return [None if isinstance(v, float) and math.isnan(v) else v for v in np.asarray(values, dtype=float).ravel().tolist()]


# ---- metrics ----

def regression_metrics(y, f):
    constant_y, constant_f = np.all(y == y[0]), np.all(f == f[0])
    correlated = len(y) > 1 and not constant_y and not constant_f
    return {
        "mae": sk.mean_absolute_error(y, f),
        "rmse": math.sqrt(sk.mean_squared_error(y, f)),
        "r2": sk.r2_score(y, f) if len(y) > 1 and not constant_y else None,
        "pearson": scipy.stats.pearsonr(y, f).statistic if correlated else None,
        "spearman": scipy.stats.spearmanr(y, f).statistic if correlated else None,
        "kendall": scipy.stats.kendalltau(y, f).statistic if correlated else None,
    }


def binned_error(confidence, right, bins=10):
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    return sum(abs((confidence[which == b] - right[which == b]).sum()) for b in range(bins)) / len(confidence)


def binary_metrics(y, p):
    y = y.astype(int)
    labels = (p > 0.5).astype(int)
    two = len(set(y)) == 2
    probability = p.min() >= 0 and p.max() <= 1
    return {
        "roc_auc": sk.roc_auc_score(y, p) if two else None,
        "pr_auc": sk.average_precision_score(y, p) if two else None,
        "accuracy": sk.accuracy_score(y, labels),
        "balanced_accuracy": sk.balanced_accuracy_score(y, labels) if two else None,
        "f1": sk.f1_score(y, labels) if y.any() or labels.any() else None,
        "mcc": sk.matthews_corrcoef(y, labels) if two and len(set(labels)) == 2 else None,
        "log_loss": sk.log_loss(y, p, labels=[0, 1]) if probability else None,
        "brier": np.mean((p - y) ** 2) if probability else None,
        "ece": binned_error(p, y) if probability else None,
    }


def multiclass_metrics(y, p):
    y = y.astype(int)
    labels, classes = p.argmax(axis=1), p.shape[1]
    return {
        "accuracy": sk.accuracy_score(y, labels),
        "balanced_accuracy": sk.balanced_accuracy_score(y, labels),
        "f1": sk.f1_score(y, labels, average="macro"),
        "mcc": sk.matthews_corrcoef(y, labels),
        "log_loss": sk.log_loss(y, p, labels=list(range(classes))),
        "brier": np.mean(((p - np.eye(classes)[y]) ** 2).sum(axis=1)),
        "ece": binned_error(p.max(axis=1), (labels == y).astype(float)),
    }


def metric_cases(rng):
    def case(name, task, y, f, function, classes=2):
        used = ~np.isnan(y)
        return {"name": name, "task": task, "classes": classes, "target": numbers(y), "prediction": numbers(f),
                "expected": {k: None if v is None else float(v) for k, v in function(y[used], f[used]).items()}}

    y = rng.normal(3, 2, 40)
    f = y + rng.normal(0, 1, 40)
    missing = y.copy()
    missing[[0, 7, 8, 39]] = np.nan
    coarse, coarse_f = np.round(y), np.round(f)
    label = (rng.random(60) < 0.3).astype(float)
    p = np.clip(0.3 + 0.3 * (label - 0.3) + rng.normal(0, 0.2, 60), 0, 1)
    holes = label.copy()
    holes[[2, 3, 59]] = np.nan
    logits = rng.normal(0, 1, (50, 4))
    classes = rng.integers(0, 4, 50)
    logits[np.arange(50), classes] += 1
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return [
        case("plain", "regression", y, f, regression_metrics),
        case("missing targets", "regression", missing, f, regression_metrics),
        case("ties in both", "regression", coarse, coarse_f, regression_metrics),
        case("anticorrelated", "regression", y, -f, regression_metrics),
        case("large offset", "regression", y + 1e9, f + 1e9, regression_metrics),
        case("constant target", "regression", np.full(10, 2.5), f[:10], regression_metrics),
        case("constant prediction", "regression", y[:10], np.full(10, 2.5), regression_metrics),
        case("one row", "regression", y[:1], f[:1], regression_metrics),
        case("two rows", "regression", y[:2], f[:2], regression_metrics),
        case("plain", "binary", label, p, binary_metrics),
        case("tied scores", "binary", label, np.round(p, 1) * 0.98 + 0.01, binary_metrics),
        case("all scores equal", "binary", label, np.full(60, 0.7), binary_metrics),
        case("missing targets", "binary", holes, p, binary_metrics),
        case("only zeros", "binary", np.zeros(12), p[:12] * 0.4, binary_metrics),
        case("only ones", "binary", np.ones(12), p[:12], binary_metrics),
        case("certain and wrong", "binary", np.array([0.0, 1, 1, 0]), np.array([1.0, 0, 1, 0]), binary_metrics),
        case("scores beyond [0, 1]", "binary", label, 6 * (p - 0.4), binary_metrics),
        case("plain", "multiclass", classes.astype(float), softmax, multiclass_metrics, 4),
        case("absent class", "multiclass", np.minimum(classes, 2).astype(float), softmax, multiclass_metrics, 4),
    ]


# ---- linear models and support vector machines ----

def linear_cases(rng):
    cases = []
    for n, p in ((30, 5), (9, 14)):  # more rows than columns, and fewer: the dual
        x = rng.normal(0, 1, (n + 6, p))
        y = x @ rng.normal(0, 1, p) + rng.normal(0, 0.3, n + 6)
        x = (x - x[:n].mean(axis=0)) / x[:n].std(axis=0)
        for penalty in (0.1, 10):
            cases.append({"x": numbers(x), "columns": p, "train": n, "y": numbers(y), "lambda": penalty,
                          "ridge": numbers(Ridge(alpha=penalty).fit(x[:n], y[:n]).predict(x))})
            label = (y > np.median(y)).astype(int)
            three = np.digitize(y, np.quantile(y, [0.33, 0.66]))
            settings = dict(C=1 / penalty, tol=1e-12, max_iter=100000)
            cases[-1]["label"] = numbers(label)
            cases[-1]["logistic"] = numbers(LogisticRegression(**settings).fit(x[:n], label[:n]).predict_proba(x)[:, 1])
            cases[-1]["three"] = numbers(three)
            cases[-1]["softmax"] = numbers(LogisticRegression(**settings).fit(x[:n], three[:n]).predict_proba(x))
    return cases


def svm_cases(rng):
    n, p, gamma = 40, 3, 0.4
    x = rng.normal(0, 1, (n + 10, p))
    y = np.sin(x[:, 0]) + 0.5 * x[:, 1] ** 2 + rng.normal(0, 0.1, n + 10)
    label = (y > np.median(y)).astype(int)
    return [{"x": numbers(x), "columns": p, "train": n, "gamma": gamma, "cost": cost, "tube": tube,
             "y": numbers(y), "label": numbers(label),
             "svr": numbers(SVR(C=cost, epsilon=tube, gamma=gamma, tol=1e-10).fit(x[:n], y[:n]).predict(x)),
             "svc": numbers(SVC(C=cost, gamma=gamma, tol=1e-10).fit(x[:n], label[:n]).decision_function(x))}
            for cost, tube in ((1, 0.1), (20, 0.02))]


# ---- forests: the data are made from integers, so that the test makes the same without a file ----

class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) % 2**64
        z = self.state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        return ((z ^ (z >> 31)) >> 11) * 2.0**-53


def friedman(seed, rows):
    """Friedman 1991: ten uniform features, of which five matter, and noise of deviation 1."""
    random = SplitMix64(seed)
    x, y = [], []
    for _ in range(rows):
        row = [random.uniform() for _ in range(10)]
        noise = sum(random.uniform() for _ in range(12)) - 6
        x.append(row)
        y.append(10 * math.sin(math.pi * row[0] * row[1]) + 20 * (row[2] - 0.5) ** 2 + 10 * row[3] + 5 * row[4] + noise)
    return np.array(x), np.array(y)


def bit_data(seed, rows):
    """256 bits set with falling probability; weights 1 / (1 + j / 8) of alternating sign, and a product of the first two."""
    random = SplitMix64(seed)
    x, y = [], []
    for _ in range(rows):
        row = [float(random.uniform() < 0.5 / (1 + j / 16)) for j in range(256)]
        noise = sum(random.uniform() for _ in range(12)) - 6
        x.append(row)
        y.append(sum(b * (1 if j % 2 else -1) / (1 + j / 8) for j, b in enumerate(row)) + 2 * row[0] * row[1] + 0.3 * noise)
    return np.array(x), np.array(y)


def forest_cases():
    seeds = range(40)

    def spread(scores):
        return {"mean": float(np.mean(scores)), "deviation": float(np.std(scores, ddof=1)), "seeds": len(scores)}

    def rmse(model, x, y, n):
        return math.sqrt(sk.mean_squared_error(y[n:], model.fit(x[:n], y[:n]).predict(x[n:])))

    cases = {"trees": 100, "train": 400, "rows": 1000}
    n = cases["train"]
    for name, (x, y) in (("friedman", friedman(11, 1000)), ("bits", bit_data(12, 1000))):
        label = (y > np.median(y[:n])).astype(int)
        cases[name] = {
            "random_forest": spread([rmse(RandomForestRegressor(100, max_features=1 / 3, random_state=s), x, y, n) for s in seeds]),
            "extra_trees": spread([rmse(ExtraTreesRegressor(100, max_features=1 / 3, random_state=s), x, y, n) for s in seeds]),
            "auc": spread([sk.roc_auc_score(label[n:], RandomForestClassifier(100, random_state=s).fit(x[:n], label[:n])
                                            .predict_proba(x[n:])[:, 1]) for s in seeds]),
            "boosting": rmse(HistGradientBoostingRegressor(learning_rate=0.05, max_iter=300, min_samples_leaf=4), x, y, n),
        }
    return cases


# ---- uncertainty ----

def uncertainty_cases(rng):
    n = 50
    spread = rng.gamma(3, 0.3, n)
    f = rng.normal(0, 2, n)
    y = f + 1.4 * spread * rng.normal(0, 1, n)
    level = np.sort(2 * scipy.stats.norm.cdf(np.abs(y - f) / spread) - 1)
    grid = np.linspace(0, 1, 2_000_001)  # midpoint rule; the step function is exact but for n cells
    middle = (grid[1:] + grid[:-1]) / 2
    area = np.mean(np.abs(np.searchsorted(level, middle, side="right") / n - middle))
    order = np.argsort(spread)
    ence = []
    for part in np.array_split(order, 5):
        rmv, error = math.sqrt(np.mean(spread[part] ** 2)), math.sqrt(np.mean((y[part] - f[part]) ** 2))
        ence.append(abs(rmv - error) / rmv)
    score = rng.normal(0, 2, 80)
    label = (rng.random(80) < 1 / (1 + np.exp(-(0.7 * score - 0.4)))).astype(float)
    platt = _SigmoidCalibration().fit(score, label)
    logits = rng.normal(0, 2, (60, 3))
    classes = np.array([rng.choice(3, p=np.exp(z / 2.5) / np.exp(z / 2.5).sum()) for z in logits])

    def loss(log_temperature):
        z = logits / math.exp(log_temperature)
        return -np.sum(z[np.arange(60), classes] - np.log(np.exp(z).sum(axis=1)))

    temperature = math.exp(scipy.optimize.minimize_scalar(loss, bounds=(-4, 4), method="bounded", options={"xatol": 1e-12}).x)
    p = 1 / (1 + np.exp(-(0.7 * score - 0.4)))
    share, mean = calibration_curve(label, p, n_bins=10)
    members = rng.normal(0, 1, (4, 6))
    return {
        "target": numbers(y), "prediction": numbers(f), "spread": numbers(spread), "area": float(area), "ence_bins": 5,
        "ence": float(np.mean(ence)), "scale": float(math.sqrt(np.mean(((y - f) / spread) ** 2))),
        "quantiles": [{"alpha": a, "value": float(np.sort(np.abs(y - f))[math.ceil(round((n + 1) * (1 - a), 9)) - 1])}
                      for a in (0.05, 0.1, 0.2, 0.5)],
        "score": numbers(score), "label": numbers(label), "platt_slope": float(-platt.a_), "platt_offset": float(-platt.b_),
        "logits": numbers(logits), "classes": numbers(classes), "temperature": temperature,
        "probability": numbers(p), "curve_probability": numbers(mean), "curve_share": numbers(share),
        "members": [numbers(m) for m in members], "mean": numbers(members.mean(axis=0)), "deviation": numbers(members.std(axis=0, ddof=1)),
    }


def main():
    default = pathlib.Path(__file__).resolve().parents[2] / "tests" / "train" / "golden" / "metrics.json"
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    rng = np.random.default_rng(20240611)
    golden = {
        "made_by": f"scripts/oracles/metrics.py with scikit-learn {sklearn.__version__}, scipy {scipy.__version__}, numpy {np.__version__}",
        "metrics": metric_cases(rng), "linear": linear_cases(rng), "svm": svm_cases(rng), "forest": forest_cases(),
        "uncertainty": uncertainty_cases(rng),
    }
    out.write_text(json.dumps(golden, separators=(",", ":")).replace('},{"', '},\n{"').replace('],"', '],\n"') + "\n")
    print(out, out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
