import { afterEach, expect, test, vi } from 'vitest';
import { openNodeGpu } from '../../src/backends/tfjs/node-gpu.ts';

const SETTINGS = ['TF_FORCE_GPU_ALLOW_GROWTH', 'NVIDIA_TF32_OVERRIDE'];

afterEach(() => vi.unstubAllEnvs());

/** `require` of a machine where loading the package gives `found`, or throws it; undefined where it is not installed. */
function machineWith(found: unknown, util: Record<string, unknown> = {}) {
  for (const name of SETTINGS) vi.stubEnv(name, undefined);
  const load = (name: string) => {
    if (name === 'node:util') return util;
    if (found instanceof Error) throw found;
    return found;
  };
  const resolve = (name: string) => {
    if (found === undefined) throw new Error(`Cannot find module '${name}'`);
    return `/node_modules/${name}/dist/index.js`;
  };
  return Object.assign(load, { resolve });
}

const engineWith = (isUsingGpuDevice: boolean) => ({ backend: () => ({ isUsingGpuDevice }) });

test('an absent package is refused, saying how to install it, and nothing is changed for it', () => {
  const util = {};
  expect(() => openNodeGpu(machineWith(undefined, util))).toThrow(
    'TensorFlow.js cannot be used: @tensorflow/tfjs-node-gpu is not installed. Install it with npm install @tensorflow/tfjs-node-gpu, in a checkout with --no-save --save-prod (needs CUDA 11 and cuDNN 8; see docs/tensorflow-js.md)',
  );
  expect(util).toEqual({});
  for (const name of SETTINGS) expect(process.env[name]).toBeUndefined();
});

test('a package whose own dependency is absent is not called absent', () => {
  const load = machineWith(new Error("Cannot find module 'rimraf'"));
  expect(() => openNodeGpu(load)).toThrow(/tfjs-node-gpu does not load \(Cannot find module 'rimraf'\)/);
});

test('a native library that does not load is refused with the reason', () => {
  const load = machineWith(
    new Error('libcudart.so.11.0: cannot open shared object file: No such file or directory'),
  );
  expect(() => openNodeGpu(load)).toThrow(
    /tfjs-node-gpu does not load \(libcudart\.so\.11\.0: cannot open.*npm rebuild.*CUDA 11/,
  );
});

test('TensorFlow without a GPU is refused, with one it is taken', () => {
  expect(() => openNodeGpu(machineWith(engineWith(false)))).toThrow(
    /finds no GPU\. It needs an NVIDIA driver/,
  );
  const engine = engineWith(true);
  expect(openNodeGpu(machineWith(engine))).toBe(engine);
});

test('what Node removed from util is there when the package loads, and what Node has stays', () => {
  const isArray = () => true;
  const util: Record<string, unknown> = { isArray };
  openNodeGpu(machineWith(engineWith(true), util));
  expect(util.isArray).toBe(isArray);
  const isNullOrUndefined = util.isNullOrUndefined as (value: unknown) => boolean;
  expect([null, undefined, 0, '', false].map(isNullOrUndefined)).toEqual([true, true, false, false, false]);
});

test('TensorFlow is told to leave memory and digits, unless the user said otherwise', () => {
  const load = machineWith(engineWith(true));
  vi.stubEnv('NVIDIA_TF32_OVERRIDE', '1');
  openNodeGpu(load);
  expect(process.env.TF_FORCE_GPU_ALLOW_GROWTH).toBe('true');
  expect(process.env.NVIDIA_TF32_OVERRIDE).toBe('1');
});
