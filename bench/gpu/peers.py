"""What others do with the same fingerprints on the same card: nearest neighbours and MMD in a few lines each.

    python3 peers.py FOLDER

FOLDER holds job.json and what it names (written by peers.ts). Answers go to files there, and one line of JSON for each peer
to standard output: {"peer", "what", "version", "amount", "milliseconds", "answer"} or {"peer", "what", "absent"}.
Times are the device's, between two events, after a warm-up; the data is on the device before they begin.
"""

import importlib
import json
import sys
from pathlib import Path

WORDS = 64
CHUNK = 1 << 17


def main(folder):
    job = json.loads((folder / "job.json").read_text())
    tasks = [
        ("nvmolkit", "10 nearest", nvmolkit_nearest),
        ("torch", "10 nearest", torch_nearest),
        ("cupy", "10 nearest", cupy_nearest),
        ("torch", "MMD", torch_mmd),
    ]
    for peer, what, run in tasks:
        line = {"peer": peer, "what": what}
        try:
            module = importlib.import_module(peer)
            answer, milliseconds, amount = run(job, folder)
            name = f"{peer}-{what.split()[-1]}.bin"
            (folder / name).write_bytes(answer.astype("<f4").tobytes())
            version = getattr(module, "__version__", "unknown")
            line |= {"version": version, "amount": amount, "milliseconds": milliseconds, "answer": name}
        except Exception as cause:  # A peer that is absent, or cannot run here, is told of and left out.
            line["absent"] = f"{type(cause).__name__}: {cause}".splitlines()[0]
        print(json.dumps(line), flush=True)


def rows(folder, name):
    import numpy as np

    return np.fromfile(folder / name, dtype=np.uint8).reshape(-1, WORDS * 4)


def time_torch(torch, runs, work):
    """The last answer of `work`, and device milliseconds of each run after the first."""
    work()
    milliseconds = []
    for _ in range(runs):
        before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        before.record()
        answer = work()
        after.record()
        torch.cuda.synchronize()
        milliseconds.append(before.elapsed_time(after))
    return answer, milliseconds


def torch_device():
    import torch

    if not torch.cuda.is_available():
        raise RuntimeError("torch sees no CUDA device")
    return torch


def torch_bits(torch, packed):
    """float16 [n, 2048] of packed rows."""
    shifts = torch.arange(8, device="cuda", dtype=torch.uint8)
    return ((packed[:, :, None] >> shifts) & 1).flatten(1).half()


def torch_nearest(job, folder):
    torch = torch_device()
    references = torch.from_numpy(rows(folder, job["references"])).cuda()
    bits = torch.cat([torch_bits(torch, part) for part in references.split(CHUNK)])
    queries = torch_bits(torch, torch.from_numpy(rows(folder, job["queries"])).cuda())
    reference_counts = torch.cat([part.float().sum(1) for part in bits.split(CHUNK)])
    query_counts = queries.float().sum(1)

    def work():
        best = None
        for part, counts in zip(bits.split(CHUNK), reference_counts.split(CHUNK)):
            # Halves hold every whole number up to 2,048.
            shared = (queries @ part.T).float()
            similarity = shared / (query_counts[:, None] + counts[None] - shared)
            top = similarity.nan_to_num(1.0).topk(min(job["k"], similarity.shape[1]), dim=1).values
            best = top if best is None else torch.cat([best, top], 1).topk(job["k"], dim=1).values
        return best

    answer, milliseconds = time_torch(torch, job["runs"], work)
    return answer.cpu().numpy(), milliseconds, len(queries) * len(bits)


def nvmolkit_nearest(job, folder):
    torch = torch_device()
    from nvmolkit.similarity import crossTanimotoSimilarity

    references, queries = (
        torch.from_numpy(rows(folder, job[name]).view("<i4")).cuda() for name in ("references", "queries")
    )

    def work():
        similarity = crossTanimotoSimilarity(queries, references).torch()
        return similarity.topk(job["k"], dim=1).values

    answer, milliseconds = time_torch(torch, job["runs"], work)
    return answer.float().cpu().numpy(), milliseconds, len(queries) * len(references)


def cupy_nearest(job, folder):
    import cupy

    def bits(packed):
        return cupy.unpackbits(packed.ravel(), bitorder="little").reshape(len(packed), -1).astype(cupy.float16)

    references = bits(cupy.asarray(rows(folder, job["references"])))
    queries = bits(cupy.asarray(rows(folder, job["queries"])))
    counts, query_counts = (x.sum(1, dtype=cupy.float32) for x in (references, queries))
    k = job["k"]

    def work():
        shared = (queries @ references.T).astype(cupy.float32)
        similarity = shared / cupy.maximum(query_counts[:, None] + counts[None] - shared, 1)
        return -cupy.sort(cupy.partition(-similarity, k - 1, axis=1)[:, :k], axis=1)

    work()
    milliseconds = []
    for _ in range(job["runs"]):
        before, after = cupy.cuda.Event(), cupy.cuda.Event()
        before.record()
        answer = work()
        after.record()
        after.synchronize()
        milliseconds.append(cupy.cuda.get_elapsed_time(before, after))
    return cupy.asnumpy(answer), milliseconds, len(queries) * len(references)


def torch_mmd(job, folder):
    torch = torch_device()
    import numpy as np

    torch.backends.cuda.matmul.allow_tf32 = False
    packed = torch.from_numpy(rows(folder, job["samples"])).cuda()
    labels = torch.from_numpy(np.fromfile(folder / job["labels"], dtype=np.uint8)).cuda()
    count, each = len(packed), job["each"]
    labels = torch_bits(torch, labels.reshape(job["columns"], -1))[:, :count].float().T.contiguous()

    def work():
        bits = torch_bits(torch, packed)
        counts = bits.float().sum(1)
        shared = (bits @ bits.T).float()
        kernel = (shared / (counts[:, None] + counts[None] - shared)).nan_to_num(1.0).fill_diagonal_(0)
        # Labels sum to the same in every column, so a constant off the diagonal cancels; less of it is lost in float32.
        kernel -= kernel.mean()
        kernel.fill_diagonal_(0)
        product = kernel @ labels
        inside = (labels * product).sum(0)
        from_x = product.sum(0)
        total = kernel.sum()
        other = count - each
        across = from_x - inside
        outside = total - 2 * from_x + inside
        return inside / (each * (each - 1)) + outside / (other * (other - 1)) - 2 * across / (each * other)

    answer, milliseconds = time_torch(torch, job["runs"], work)
    return answer.cpu().numpy(), milliseconds, count * (count - 1) // 2 * job["columns"]


main(Path(sys.argv[1]))
