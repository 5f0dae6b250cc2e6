import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { afterAll, describe, expect, test } from 'vitest';
import { createOrtBackend } from '../../src/backends/ort/backend.ts';
import { libraryFolder, whyCudaProviderIsAbsent } from '../../src/backends/ort/cuda-provider.ts';
import { parseDeviceName } from '../../src/backends/ort/device-name.ts';
import { listProviders } from '../../src/backends/ort/providers.ts';
import { refusalText } from '../../src/backends/ort/refusal.ts';
import { createSession } from '../../src/backends/ort/session.ts';
import { withSignedBits } from '../../src/backends/ort/signed-bits.ts';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { DESCRIPTOR_COUNT } from '../../src/core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import { seededRandom } from '../../src/core/random.ts';
import { readInitializer } from '../../src/trainers/onnx.ts';

const folder = mkdtempSync(join(tmpdir(), 'assayer-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SHARED = 'libonnxruntime_providers_shared.so';
const CUDA = 'libonnxruntime_providers_cuda.so';

describe('why the CUDA provider cannot be loaded', () => {
  const explain = (files: readonly string[], absent: readonly string[]) => {
    for (const file of readdirSync(folder)) rmSync(join(folder, file));
    for (const file of files) writeFileSync(join(folder, file), '');
    return whyCudaProviderIsAbsent(folder, (library) => (absent.includes(library) ? 'no' : undefined));
  };

  test('names the file that the package leaves out, and what puts it there', () => {
    expect(explain([], [])).toContain(`${SHARED} is not in ${folder}): run scripts/ort-cuda.sh`);
    expect(explain([SHARED], ['libcudart.so.13'])).toContain(`${CUDA} is not in`);
  });
  test('names the driver before all that nobody needs without it', () => {
    for (const files of [[], [SHARED, CUDA]]) {
      expect(explain(files, ['libcuda.so.1', 'libcudart.so.13'])).toMatch(/^there is no NVIDIA driver/);
    }
  });
  test('names every CUDA library that is missing', () => {
    expect(explain([SHARED, CUDA], ['libcublas.so.13', 'libcurand.so.10'])).toMatch(
      /^CUDA 13's libcublas.so.13, libcurand.so.10 cannot be loaded: .*LD_LIBRARY_PATH/,
    );
  });
  test('suspects the version when everything is there', () => {
    expect(explain([SHARED, CUDA], [])).toContain('another version');
  });
  test('looks where the package has its library', () => {
    expect(readdirSync(libraryFolder()).join()).toContain('onnxruntime');
  });
});

test.each([
  ['cpu', { provider: 'cpu', ordinal: 0 }],
  ['cuda', { provider: 'cuda', ordinal: 0 }],
  ['cuda:12', { provider: 'cuda', ordinal: 12 }],
  ['cuda:x', { provider: 'cuda:x', ordinal: 0 }],
])('the device name %s is read', (device, expected) => {
  expect(parseDeviceName(device)).toEqual(expected);
});

test('a device number is refused where the provider could not be told', async () => {
  expect(() => parseDeviceName('webgpu:1')).toThrow(/only cuda/);
  const [status] = await listProviders(['webgpu:1']);
  expect(status).toMatchObject({ usable: false, reason: expect.stringContaining('only cuda') });
});

test('a refusal of CUDA in two nested checks is told in its first sentence, with what to do', () => {
  const check =
    '/onnxruntime_src/a.cc:154 void onnxruntime::CudaCall(ERRTYPE, int) [with ERRTYPE = cudaError] ';
  const reason = (text: string) => refusalText(new Error(text));
  expect(reason(`${check}${check}CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; a=b`)).toBe(
    'CUDA failure 100: no CUDA-capable device is detected (look with nvidia-smi, and at CUDA_VISIBLE_DEVICES; a container needs --gpus all)',
  );
  expect(reason('Non-zero status code. A cuDNN handle is required for CUDA reduction.')).toContain(
    'libcudnn.so.9',
  );
});

test('asking for CUDA turns TF32 off, unless the caller said otherwise', async () => {
  const before = process.env.NVIDIA_TF32_OVERRIDE;
  try {
    delete process.env.NVIDIA_TF32_OVERRIDE;
    await listProviders(['cpu']);
    expect(process.env.NVIDIA_TF32_OVERRIDE).toBeUndefined();
    await listProviders(['cuda']);
    expect(process.env.NVIDIA_TF32_OVERRIDE).toBe('0');
    process.env.NVIDIA_TF32_OVERRIDE = '1';
    await listProviders(['cuda']);
    expect(process.env.NVIDIA_TF32_OVERRIDE).toBe('1');
  } finally {
    if (before === undefined) delete process.env.NVIDIA_TF32_OVERRIDE;
    else process.env.NVIDIA_TF32_OVERRIDE = before;
  }
});

test.each(['herg', 'ames', 'solubility'])(
  'with signed bits, which CUDA multiplies, model %s predicts the same numbers',
  async (endpoint) => {
    const model = readFileSync(new URL(`../../models/${endpoint}/1/model.onnx`, import.meta.url));
    const signed = withSignedBits(model);
    expect(readInitializer(model, 'byte_bits')?.type).toBe('uint8');
    expect(readInitializer(signed, 'byte_bits')?.type).toBe('int8');
    const random = seededRandom(5);
    const count = 9;
    const fingerprints = new Uint8Array(count * FINGERPRINT_BYTES).map(() => 256 * random() ** 4);
    const descriptors = new Float32Array(count * DESCRIPTOR_COUNT).map(() => 50 * random());
    const predict = async (bytes: Uint8Array) => {
      const session = await createSession(bytes, 'cpu', 1);
      const { prediction } = await session.run({
        fingerprints: new ort.Tensor('uint8', fingerprints, [count, FINGERPRINT_BYTES]),
        descriptors: new ort.Tensor('float32', descriptors, [count, DESCRIPTOR_COUNT]),
      });
      await session.release();
      return prediction.data;
    };
    expect(await predict(signed)).toEqual(await predict(model));
  },
);

test('a model without such bits is left as it is', () => {
  const other = Uint8Array.of(1, 2, 3);
  expect(withSignedBits(other)).toBe(other);
});

test('the backend for GPUs refuses with the reason of every device', async () => {
  const options = { providers: ['abacus', 'webgpu:2'], exactMmd: referenceBackend.ops.mmd! };
  await expect(createOrtBackend(options)).rejects.toMatchObject({
    code: 'ERR_NO_BACKEND',
    message: expect.stringMatching(/abacus: .*; webgpu:2: .*only cuda/),
  });
  await expect(createOrtBackend({ ...options, providers: [] })).rejects.toMatchObject({
    code: 'ERR_NO_BACKEND',
  });
});
