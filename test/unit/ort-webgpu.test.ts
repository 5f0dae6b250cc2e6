import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadProblem } from '../../src/backends/ort/load-library.ts';
import { loadPredictor } from '../../src/backends/ort/predictor.ts';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { makeMmdInput, readMmdCases } from '../conformance/mmd-case.ts';
import { predictionInput } from './ort-webgpu-input.ts';

/** Folders that hold a Vulkan loader and the software driver SwiftShader; Debian's chromium-common is one. */
const SOFTWARE_FOLDERS = [process.env.ASSAYER_SWIFTSHADER ?? '', '/usr/lib/chromium'];
const child = fileURLToPath(new URL('ort-webgpu-child.ts', import.meta.url));

const noLoader = process.platform === 'linux' && loadProblem('libvulkan.so.1') !== undefined;

type Environment = Record<string, string | undefined>;

function runChild(environment: Environment, ...args: string[]) {
  const env = { ...process.env, ...environment };
  return JSON.parse(execFileSync(process.execPath, [child, ...args], { env, encoding: 'utf8' })) as {
    status: { usable: boolean; reason: string };
    misplaced: string[];
    estimates: number[];
    predictions: number[];
  };
}

/** An environment in which WebGPU finds a device: this machine's own, or a software driver. */
function findDevice(): Environment | undefined {
  const candidates: Environment[] = noLoader ? [] : [{}];
  for (const folder of SOFTWARE_FOLDERS) {
    const driver = join(folder, 'vk_swiftshader_icd.json');
    if (folder && existsSync(driver) && existsSync(join(folder, 'libvulkan.so.1'))) {
      candidates.push({ LD_LIBRARY_PATH: folder, VK_ICD_FILENAMES: driver });
    }
  }
  return candidates.find((environment) => runChild(environment, 'list').status.usable);
}

const environment = findDevice();
if (!environment) {
  console.warn(
    'skipping WebGPU: no Vulkan device (a folder with SwiftShader can be named in ASSAYER_SWIFTSHADER)',
  );
}

describe.skipIf(!environment)('WebGPU', () => {
  // Compiling shaders in software takes seconds each on a busy machine.
  test('runs every node of the MMD graphs, and gives what the reference gives', {
    timeout: 600_000,
  }, async () => {
    const { misplaced, estimates, predictions } = runChild(environment!);
    expect(misplaced).toEqual([]);

    const recipe = readMmdCases().find(({ name }) => name === 'clusters with features')!;
    const { values } = await referenceBackend.ops.mmd!(makeMmdInput(recipe));
    expect(estimates).toHaveLength(values.length);
    for (const [i, value] of values.entries())
      expect(Math.abs(estimates[i] - value)).toBeLessThanOrEqual(1e-6);

    const { model, fingerprints, descriptors, count } = predictionInput();
    const options = { name: 'herg', providers: ['cpu'], threads: 1 };
    const { predictor } = await loadPredictor(model, options);
    await using _ = predictor;
    const { values: expected } = await predictor.predict(fingerprints, descriptors, count);
    expect(predictions).toHaveLength(count);
    for (const [i, value] of expected.entries()) {
      expect(Math.abs(predictions[i] - value) / Math.max(1, Math.abs(value))).toBeLessThanOrEqual(1e-5);
    }
  });
});

test.runIf(noLoader)('WebGPU without a Vulkan loader is refused with what is missing', () => {
  const { status } = runChild({}, 'list');
  expect(status).toMatchObject({
    usable: false,
    reason: expect.stringMatching(/^libvulkan.so.1 cannot be loaded/),
  });
});
