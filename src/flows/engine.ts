import type { BackendSource } from '../core/backend.ts';
import type { Clock } from '../core/clock.ts';
import type { FeatureContract } from '../core/contract.ts';
import type { CreateNetwork } from '../core/network.ts';
import type { Featurizer, LinearAlgebra, NeighborIndex, Predictor, Refusal } from '../core/ports.ts';

/** A model on the device that accepted it, and why the ones before it in the list did not. */
export interface LoadedPredictor {
  readonly predictor: Predictor;
  readonly device: string;
  readonly refusals: readonly Refusal[];
}

/** One device a model could run on. */
export interface DeviceStatus {
  readonly device: string;
  readonly usable: boolean;
  /** What it is, or why it cannot be used. */
  readonly reason: string;
}

/** What the flows need from the layers beside them; `main.ts` fills it, tests replace parts of it. */
export interface Engine {
  readonly clock: Clock;
  /** Folder of the shipped models. */
  readonly modelsFolder: string;
  /** The contract of the features that this engine makes. */
  readonly contract: FeatureContract;
  /** Worker threads for chemistry, and ONNX Runtime's threads. */
  readonly threads: number;
  /** Devices to try for prediction, in order. */
  readonly devices: readonly string[];
  /** Backends for operations (neighbour search, intersections), in the order they are tried. */
  readonly backends: readonly BackendSource[];
  createFeaturizer(): Promise<Featurizer>;
  /** Standard InChIKeys of records as written, '' where there is none; for records that a featurizer accepted. */
  recordInchikeys(inputs: readonly string[], signal?: AbortSignal): Promise<string[]>;
  loadPredictor(model: Uint8Array, name: string): Promise<LoadedPredictor>;
  createNeighborIndex(fingerprints: Uint8Array): Promise<NeighborIndex>;
  loadLinearAlgebra(): Promise<LinearAlgebra>;
  loadNetworks(): Promise<CreateNetwork>;
  /** What can run models here, in the order tried, and why the rest cannot. */
  listDevices(): Promise<readonly DeviceStatus[]>;
  /** SHA-256 over the sources that decide what training gives. */
  readonly trainerSourceHash: string;
  /** Names and versions of what computes: Node, toolkit, runtime; for lineage. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Called with the rows done so far and, where known, the share of the work, 0..1. */
export type Progress = (rows: number, share: number | null) => void;
