"""MMDDrift of alibi-detect on packed bits, one CPU thread; prints seconds and distances as JSON.

python mmd-alibi-detect.py FINGERPRINTS BYTES_PER_ROW N M PERMUTATIONS RUNS BANDWIDTH
"""
import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import alibi_detect
import numpy as np
import torch
from alibi_detect.cd import MMDDrift

path, width, n, m, permutations, runs = sys.argv[1], *map(int, sys.argv[2:7])
bandwidth = float(sys.argv[7])
torch.set_num_threads(1)
packed = np.fromfile(path, np.uint8).reshape(-1, width)[: n + m]
bits = np.unpackbits(packed, axis=1, bitorder="little")


def test(dtype, count):
    x = bits.astype(dtype)
    sigma = np.array([bandwidth], dtype)
    wall, cpu = time.perf_counter(), time.process_time()
    detector = MMDDrift(x[:n], backend="pytorch", sigma=sigma, n_permutations=count, device="cpu")
    data = detector.predict(x[n:])["data"]
    return time.perf_counter() - wall, time.process_time() - cpu, float(data["distance"])


test(np.float32, 1)
samples = [test(np.float32, permutations) for _ in range(runs)]
print(
    json.dumps(
        {
            "version": alibi_detect.__version__,
            "torch": torch.__version__,
            "wallSeconds": [s[0] for s in samples],
            "cpuSeconds": [s[1] for s in samples],
            "float32": samples[0][2],
            "float64": test(np.float64, 1)[2],
        }
    )
)
