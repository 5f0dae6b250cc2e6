"""Drift detectors of other projects, each with its defaults, over the same references and batches: one JSON line.

python peers.py FOLDER PEER

FOLDER holds comparisons.json: name, and for both sides rows; bits (uint8 [rows, 256], little) and descriptors (float64
[rows, width]) of each side lie beside it. PEER is one of the functions below.
"""
import json
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
# Two of them report their use to their makers otherwise.
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
os.environ["DO_NOT_TRACK"] = "1"
import numpy as np

folder, peer = sys.argv[1:3]
with open(os.path.join(folder, "comparisons.json")) as handle:
    plan = json.load(handle)


def load(name):
    side = plan["sides"][name]
    packed = np.fromfile(os.path.join(folder, name + ".bits"), np.uint8).reshape(side["rows"], -1)
    numbers = np.fromfile(os.path.join(folder, name + ".descriptors"), np.float64).reshape(side["rows"], -1)
    return np.unpackbits(packed, axis=1, bitorder="little").astype(np.float32), numbers


def frame(numbers):
    import pandas as pd

    return pd.DataFrame(numbers, columns=plan["columns"])


def alibi_mmd(reference, batch):
    """MMDDrift on Morgan bits: Gaussian kernel, bandwidth from the median, 100 permutations of rows, p < 0.05."""
    import torch
    from alibi_detect.cd import MMDDrift

    torch.set_num_threads(1)
    torch.manual_seed(0)
    data = MMDDrift(reference[0], backend="pytorch", device="cpu").predict(batch[0])["data"]
    return bool(data["is_drift"]), {"p": float(data["p_val"])}


def alibi_ks(reference, batch):
    """KSDrift on the 43 descriptors: Kolmogorov-Smirnov of each column, Bonferroni, 0.05."""
    from alibi_detect.cd import KSDrift

    data = KSDrift(reference[1], p_val=0.05).predict(batch[1])["data"]
    return bool(data["is_drift"]), {"p": float(np.min(data["p_val"]) * reference[1].shape[1])}


def alibi_classifier(reference, batch):
    """ClassifierDrift on the 43 descriptors: sklearn's logistic regression, scaled, half of the rows to train, 0.05."""
    from alibi_detect.cd import ClassifierDrift
    from sklearn.linear_model import LogisticRegression

    both = np.vstack([reference[1], batch[1]])
    mean, spread = both.mean(0), both.std(0)
    spread[spread == 0] = 1
    scaled = [((side[1] - mean) / spread).astype(np.float32) for side in (reference, batch)]
    detector = ClassifierDrift(
        scaled[0], LogisticRegression(max_iter=200), backend="sklearn", p_val=0.05, train_size=0.5, seed=0
    )
    data = detector.predict(scaled[1])["data"]
    return bool(data["is_drift"]), {"p": float(data["p_val"])}


def evidently(reference, batch):
    """DataDriftPreset on the 43 descriptors: its own test for each column by size; drift where half of the columns drift."""
    from evidently import Report
    from evidently.presets import DataDriftPreset

    result = Report([DataDriftPreset()]).run(frame(batch[1]), frame(reference[1])).dict()
    drifted = next(m["value"] for m in result["metrics"] if "DriftedColumnsCount" in m["metric_name"])
    count, share = int(drifted["count"]), float(drifted["share"])
    return share >= 0.5, {"columns": count, "anyColumn": count > 0}


def nannyml_univariate(reference, batch):
    """UnivariateDriftCalculator on the 43 descriptors: Jensen-Shannon with its default threshold of 0.1, any column."""
    import nannyml

    calculator = nannyml.UnivariateDriftCalculator(
        column_names=plan["columns"], continuous_methods=["jensen_shannon"], chunk_number=1
    )
    calculator.fit(frame(reference[1]))
    data = calculator.calculate(frame(batch[1])).filter(period="analysis").to_df()
    alerts = [bool(data[(c, "jensen_shannon", "alert")].any()) for c in plan["columns"]]
    return any(alerts), {"columns": int(sum(alerts))}


def nannyml_reconstruction(reference, batch):
    """DataReconstructionDriftCalculator on the 43 descriptors: PCA, thresholds of 3 deviations over ten reference chunks."""
    import nannyml

    size = max(1, len(reference[1]) // 10)
    calculator = nannyml.DataReconstructionDriftCalculator(column_names=plan["columns"], chunk_size=size)
    calculator.fit(frame(reference[1]))
    data = calculator.calculate(frame(batch[1])).filter(period="analysis").to_df()
    alerts = data[("reconstruction_error", "alert")].astype(bool)
    return bool(alerts.any()), {"chunks": int(len(alerts)), "alerts": int(alerts.sum())}


def nannyml_classifier(reference, batch):
    """DomainClassifierCalculator on the 43 descriptors: LightGBM, 5 folds, its default threshold on AUROC of 0.65."""
    import nannyml

    calculator = nannyml.DomainClassifierCalculator(feature_column_names=plan["columns"], chunk_number=1)
    calculator.fit(frame(reference[1]))
    data = calculator.calculate(frame(batch[1])).filter(period="analysis").to_df()
    part = data["domain_classifier_auroc"]
    return bool(part["alert"].any()), {"auroc": float(part["value"].iloc[0])}


PEERS = {f.__name__: f for f in (alibi_mmd, alibi_ks, alibi_classifier, evidently, nannyml_univariate, nannyml_reconstruction, nannyml_classifier)}
PACKAGE = peer.split("_")[0].replace("alibi", "alibi-detect")

from importlib.metadata import version

detect = PEERS[peer]
print(json.dumps({"package": PACKAGE, "version": version(PACKAGE), "what": detect.__doc__}), flush=True)
cached = {}
for comparison in plan["comparisons"]:
    before, after = comparison["reference"], comparison["batch"]
    if before not in cached:
        cached = {before: load(before)}
    started = time.process_time()
    fired, extra = detect(cached[before], load(after))
    seconds = time.process_time() - started
    print(json.dumps({"name": comparison["name"], "fired": fired, "cpuSeconds": round(seconds, 2), **extra}), flush=True)
