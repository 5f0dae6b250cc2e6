import { describe, expect, it } from 'vitest';
import { listProviders, loadPredictor } from '../../src/backends/ort/predictor.ts';
import { refusalText } from '../../src/backends/ort/refusal.ts';
import { DESCRIPTOR_COUNT } from '../../src/core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import { type ElementType, OnnxGraph } from '../../src/trainers/onnx.ts';

/** prediction = first descriptor + number in the first fingerprint byte. */
function sumModel({ type = 'uint8' as ElementType, output = 'prediction' } = {}): Uint8Array {
  const graph = new OnnxGraph();
  const flat = graph.int64('flat', [-1]);
  const first = graph.int64('first', [0]);
  const column = (name: string) =>
    graph.node('Reshape', [graph.node('Gather', [name, first], { axis: 1 }), flat]);
  const byte = graph.node('Cast', [column('fingerprints')], { to: 1 });
  graph.node('Add', [byte, column('descriptors')], {}, output);
  return graph.finish(
    'sum',
    [
      { name: 'fingerprints', type, dims: ['n', FINGERPRINT_BYTES] },
      { name: 'descriptors', type: 'float32', dims: ['n', DESCRIPTOR_COUNT] },
    ],
    [{ name: output, type: 'float32', dims: ['n'] }],
  );
}

const options = { name: 'sum', providers: ['cpu'], threads: 1 };

describe('predictor', () => {
  it.each([0, 1, 127, 128, 129, 300])('answers %i compounds in order, across batches', async (count) => {
    const { predictor, device, refusals } = await loadPredictor(sumModel(), options);
    await using _ = predictor;
    const fingerprints = new Uint8Array(count * FINGERPRINT_BYTES);
    const descriptors = new Float32Array(count * DESCRIPTOR_COUNT);
    for (let i = 0; i < count; i++) {
      fingerprints[i * FINGERPRINT_BYTES] = i % 256;
      descriptors[i * DESCRIPTOR_COUNT] = 1000 * i;
    }
    const { values: answers } = await predictor.predict(fingerprints, descriptors, count);
    expect([...answers]).toEqual(Array.from({ length: count }, (_, i) => 1000 * i + (i % 256)));
    expect(device).toBe('cpu');
    expect(refusals).toEqual([]);
  });

  it('tries providers in order and keeps the reasons of those that refuse', async () => {
    const { predictor, device, refusals } = await loadPredictor(sumModel(), {
      ...options,
      providers: ['abacus', 'sliderule', 'cpu'],
    });
    await using _ = predictor;
    expect(device).toBe('cpu');
    expect(refusals.map((refusal) => refusal.device)).toEqual(['abacus', 'sliderule']);
    for (const { reason } of refusals) expect(reason).not.toBe('');
  });

  it('names every refused provider when none is left', async () => {
    await expect(loadPredictor(sumModel(), { ...options, providers: ['abacus'] })).rejects.toMatchObject({
      code: 'ERR_NO_BACKEND',
      message: expect.stringMatching(/abacus: .*\. Add cpu to --device\.$/),
    });
    await expect(loadPredictor(sumModel(), { ...options, providers: [] })).rejects.toMatchObject({
      code: 'ERR_NO_BACKEND',
    });
  });

  it('calls bytes that are no model, or a model of another kind, corrupt', async () => {
    const model = sumModel();
    const bad = [
      new Uint8Array(0),
      new TextEncoder().encode('not a model'),
      model.subarray(0, model.length - 40),
      sumModel({ type: 'uint16' }),
      sumModel({ output: 'score' }),
    ];
    for (const bytes of bad) {
      await expect(loadPredictor(bytes, options)).rejects.toMatchObject({ code: 'ERR_MODEL_CORRUPT' });
    }
  });

  it.each([
    [
      '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()> adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters. See the log.\nmore\n',
      'Failed to get a WebGPU adapter: No supported adapters',
    ],
    [
      '/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:129 std::conditional_t<THRW, void, onnxruntime::common::Status> onnxruntime::CudaCall(ERRTYPE, const char*) [with ERRTYPE = cudaError; bool THRW = true] CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=-1 ; hostname=a ; file=/onnxruntime_src/a.cc ; line=1 ; expr=cudaSetDevice(0);',
      'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version (CUDA 13 needs driver 580 or later)',
    ],
    ['libvulkan.so.1 cannot be loaded', 'libvulkan.so.1 cannot be loaded'],
  ])('tells a refusal in its first sentence: %#', (text, reason) => {
    expect(refusalText(new Error(text))).toBe(reason);
  });

  it('lists which providers can be used, and why the others cannot', async () => {
    const [cpu, unknown] = await listProviders(['cpu', 'abacus']);
    expect(cpu).toMatchObject({ device: 'cpu', usable: true });
    expect(unknown).toMatchObject({ device: 'abacus', usable: false });
    expect(unknown.reason).toContain('abacus');
  });
});
