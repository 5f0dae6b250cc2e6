"""FPSim2 (exact) and usearch (HNSW, approximate) on packed fingerprints, for nearest.bench.ts.

python nearest-peers.py REFERENCES QUERIES      raw rows of 256 bytes each

First prints a JSON line with the versions of those that are installed. Then answers one JSON request a line:
{"peer", "k" or "threshold", "out"}: searches all queries on one thread, prints seconds, and writes the hits to `out`:
uint32 [queries] how many, then uint32 [hits] rows, then float32 [hits] similarities.
"""
import json
import os
import sys
import time
from types import SimpleNamespace

import numpy as np

references, queries = (np.fromfile(path, np.uint8).reshape(-1, 256) for path in sys.argv[1:3])


def start_fpsim2():
    """An engine over rows in memory as FPSim2 lays them out: id, 32 words, set bits; sorted by set bits."""
    import FPSim2
    from FPSim2.io.backends.base import BaseStorageBackend
    from rdkit.DataStructs import ExplicitBitVect

    def vector(row):
        made = ExplicitBitVect(2048)
        made.SetBitsFromList(np.flatnonzero(np.unpackbits(row, bitorder="little")).tolist())
        return made

    rows = np.empty((len(references), 34), np.uint64)
    rows[:, 0] = np.arange(len(references))
    # Its words have the first bit on top.
    rows[:, 1:33] = REVERSED[references].view(">u8")
    rows[:, 33] = BITS[references].sum(axis=1, dtype=np.uint64)
    rows = rows[np.argsort(rows[:, 33], kind="stable")]
    engine = FPSim2.FPSim2Engine.__new__(FPSim2.FPSim2Engine)
    engine.in_memory_fps = True
    engine.storage = SimpleNamespace(fps=rows, popcnt_bins=BaseStorageBackend.calc_popcnt_bins(rows))
    vectors = [vector(row) for row in queries]

    def search(k=None, threshold=None):
        for query in vectors:
            if k is None:
                found = engine.similarity(query, threshold, n_workers=1)
            else:
                found = engine.top_k(query, k, 0.0, n_workers=1)
            yield found["mol_id"], found["coeff"]

    return FPSim2.__version__, {}, search


def start_usearch():
    import usearch
    from usearch.index import Index, MetricKind, ScalarKind

    index = Index(ndim=2048, metric=MetricKind.Tanimoto, dtype=ScalarKind.B1)
    cpu = time.process_time()
    index.add(np.arange(len(references)), references, threads=os.cpu_count())
    built = {"buildCpuSeconds": time.process_time() - cpu, "memoryBytes": index.memory_usage}
    built.update(connectivity=index.connectivity, expansionSearch=index.expansion_search)

    def search(k=None, threshold=None):
        found = index.search(queries, k, threads=1)
        return zip(found.keys, 1 - found.distances)

    return usearch.__version__, built, search


REVERSED = np.array([int(f"{byte:08b}"[::-1], 2) for byte in range(256)], np.uint8)
BITS = np.array([byte.bit_count() for byte in range(256)], np.uint8)
peers = {}
told = {}
for name, start in (("fpsim2", start_fpsim2), ("usearch", start_usearch)):
    try:
        version, about, peers[name] = start()
        told[name] = {"version": version, **about}
    except ImportError as error:
        told[name] = {"skipped": str(error)}
print(json.dumps(told), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    wall, cpu = time.perf_counter(), time.process_time()
    hits = list(peers[request["peer"]](request.get("k"), request.get("threshold")))
    taken = {"wallSeconds": time.perf_counter() - wall, "cpuSeconds": time.process_time() - cpu}
    with open(request["out"], "wb") as out:
        np.array([len(rows) for rows, _ in hits], np.uint32).tofile(out)
        np.concatenate([rows for rows, _ in hits]).astype(np.uint32).tofile(out)
        np.concatenate([similarities for _, similarities in hits]).astype(np.float32).tofile(out)
    print(json.dumps(taken), flush=True)
