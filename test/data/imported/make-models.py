"""Makes the ONNX files of this folder and expected.json; README.md says how it is run."""
import gzip
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from rdkit import Chem, RDLogger
from rdkit.Chem import rdFingerprintGenerator, rdMolDescriptors
from skl2onnx import to_onnx
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

RDLogger.DisableLog("rdApp.*")
here = Path(__file__).parent
shared = Path(sys.argv[1])

MORGAN = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048, includeChirality=False)
PROPERTIES = rdMolDescriptors.Properties(
    """exactmw amw lipinskiHBA lipinskiHBD NumRotatableBonds NumHBD NumHBA NumHeavyAtoms NumAtoms NumHeteroatoms
    NumAmideBonds FractionCSP3 NumRings NumAromaticRings NumAliphaticRings NumSaturatedRings NumHeterocycles
    NumAromaticHeterocycles NumSaturatedHeterocycles NumAliphaticHeterocycles NumSpiroAtoms NumBridgeheadAtoms
    NumAtomStereoCenters NumUnspecifiedAtomStereoCenters labuteASA tpsa CrippenClogP CrippenMR chi0v chi1v chi2v chi3v
    chi4v chi0n chi1n chi2n chi3n chi4n hallKierAlpha kappa1 kappa2 kappa3 Phi""".split()
)
MASK = 0xFFFFFFFF


def level_bit(bucket, level):
    h = (bucket + 2048 * level) & MASK
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & MASK
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & MASK
    h ^= h >> 16
    return 2048 + (h & 1023)


def features(smiles):
    """Bits [n, 3072] and descriptors [n, 43] of SMILES that need no standardization."""
    bits = np.zeros((len(smiles), 3072), np.float32)
    descriptors = np.zeros((len(smiles), 43), np.float32)
    for i, text in enumerate(smiles):
        mol = Chem.MolFromSmiles(text)
        for bucket, count in MORGAN.GetCountFingerprint(mol).GetNonzeroElements().items():
            bits[i, bucket] = 1
            for level in range(2, count + 1):
                bits[i, level_bit(bucket, level)] = 1
        descriptors[i] = PROPERTIES.ComputeProperties(mol)
    return bits, descriptors


def rows(file, endpoint, step, training):
    """Features and labels (modelled scale) of training rows of one neutral component: those whose number among them,
    modulo step, is in training."""
    raw = gzip.open(shared / f"data/raw/pharmabench/{file}_final_data.csv.gz", "rt").read().splitlines()[1:]
    found = []
    for line in gzip.open(shared / f"data/splits/{endpoint}.csv.gz", "rt").read().splitlines()[1:]:
        row, part, _, y, _, relation, *_ = line.split(",")
        smiles = raw[int(row)].split(",")[0]
        if part == "train" and relation == "=" and not set(smiles) & set(".+-"):
            found.append((smiles, float(y)))
    smiles, y = zip(*[pair for i, pair in enumerate(found) if i % step in training])
    return *features(smiles), np.array(y, np.float32)


def examples():
    """The first compounds of the examples that are one component, neutral and without stereo marks."""
    lines = (here / "../../../examples/compounds.csv").read_text().splitlines()
    at = lines[0].split(",").index("smiles")
    texts = [line.replace('"', "").split(",")[at] for line in lines[1:]]
    return [text for text in texts if not set(text) & set(".+-@/\\") and len(text) > 12][:24]


class Network(torch.nn.Module):
    def __init__(self, descriptors):
        super().__init__()
        self.register_buffer("mean", torch.tensor(descriptors.mean(0)))
        self.register_buffer("scale", torch.tensor(descriptors.std(0) + 1e-3))
        self.hidden = torch.nn.Linear(2048 + 43, 6)
        self.out = torch.nn.Linear(6, 1)

    def forward(self, bits, descriptors):
        z = ((descriptors - self.mean) / self.scale).clamp(-5, 5)
        return self.out(torch.relu(self.hidden(torch.cat([bits, z], 1))))


def train_network(bits, descriptors, y):
    torch.manual_seed(0)
    network = Network(descriptors)
    data = [torch.tensor(part) for part in (bits, descriptors, y)]
    optimizer = torch.optim.Adam(network.parameters(), 0.01, weight_decay=1e-3)
    for _ in range(60):
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(network(*data[:2])[:, 0], data[2])
        loss.backward()
        optimizer.step()
    return network.eval()


known = examples()
known_bits, known_descriptors = features(known)
expected = {"compounds": known}


def save(name, model, values):
    # The torch.export-based exporter writes stack traces with paths of this machine beside every node.
    for part in (model, model.graph, *model.graph.node, *model.graph.initializer, *model.graph.input):
        part.ClearField("metadata_props")
        part.doc_string = ""
    onnx.save(model, here / f"{name}.onnx")
    expected[name] = [float(value) for value in values]


# Classes of Ames: Morgan bits as float32; with a tensor of probabilities, and with skl2onnx's list of dictionaries.
bits, descriptors, y = rows("ames_cls", "ames", 8, {0})
forest = RandomForestClassifier(12, max_depth=7, random_state=0).fit(bits[:, :2048], y.astype(int))
probabilities = forest.predict_proba(known_bits[:, :2048])[:, 1]
sample = bits[:1, :2048]
save("forest", to_onnx(forest, sample, options={"zipmap": False}, target_opset=17), probabilities)
save("forest-zipmap", to_onnx(forest, sample, target_opset=15), probabilities)

network = train_network(bits[:, :2048], descriptors, y)
inputs = (torch.tensor(known_bits[:, :2048]), torch.tensor(known_descriptors))
with torch.no_grad():
    logits = network(*inputs)[:, 0].numpy().astype(np.float64)
for name, options in {
    "network": {
        "dynamo": False,
        "opset_version": 17,
        "dynamic_axes": {"bits": {0: "batch"}, "descriptors": {0: "batch"}, "logit": {0: "batch"}},
    },
    "network-dynamo": {
        "dynamo": True,
        "external_data": False,
        "dynamic_shapes": {"bits": {0: torch.export.Dim("batch")}, "descriptors": {0: torch.export.Dim("batch")}},
    },
}.items():
    names = {"input_names": ["bits", "descriptors"], "output_names": ["logit"]}
    torch.onnx.export(network, inputs, str(here / f"{name}.onnx"), **names, **options)
    save(name, onnx.load(here / f"{name}.onnx"), 1 / (1 + np.exp(-logits)))

# Values of plasma protein binding, on the modelled scale: one input of bits and descriptors side by side.
bits, descriptors, y = rows("ppb_reg", "ppb", 5, {0, 1, 2, 3})
beside = np.hstack([bits[:, :2048], descriptors])
boosted = GradientBoostingRegressor(n_estimators=40, max_depth=3, subsample=0.5, max_features=0.2, random_state=0)
boosted.fit(beside, y)
known_beside = np.hstack([known_bits[:, :2048], known_descriptors])
save("boosted", to_onnx(boosted, beside[:1], target_opset=21), boosted.predict(known_beside))

levels = np.hstack([descriptors, bits])
ridge = make_pipeline(StandardScaler(), Ridge(3000.0)).fit(levels, y)
values = ridge.predict(np.hstack([known_descriptors, known_bits]))
save("ridge", to_onnx(ridge, levels[:1], target_opset=13), values)

(here / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
