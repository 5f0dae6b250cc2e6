import { describeCause } from '../../core/errors.ts';

/** What to do about failures that CUDA's runtime knows by number. */
const CUDA_ADVICE: Readonly<Record<string, string>> = {
  2: 'free memory on the GPU, or use less at once',
  35: 'CUDA 13 needs driver 580 or later',
  100: 'look with nvidia-smi, and at CUDA_VISIBLE_DEVICES; a container needs --gpus all',
  101: 'there are fewer GPUs than its number says',
};

const CUDNN_ABSENT =
  'cuDNN 9 cannot be loaded (libcudnn.so.9): install it and name its folder in LD_LIBRARY_PATH, see docs/onnx-runtime-gpu.md';

/**
 * Why a provider refused, in its first sentence: without the source line, function and condition that ONNX Runtime
 * puts before the message of a failed check, and the host and driver call that its CUDA provider puts behind.
 */
export function refusalText(cause: unknown): string {
  const text = describeCause(cause)
    .replace(/^no available backend found\. ERR: /, '')
    .replace(/^(?:\/\S+:\d+ .*?(?: was false\. |\[with [^\]]*\] ))+/, '');
  const reason = text.split(/(?<=\w)\. (?=[A-Z])| ;/, 1)[0];
  const advice = CUDA_ADVICE[/^CUDA failure (\d+):/.exec(reason)?.[1] ?? ''];
  if (/cudnn is not available|cudnn handle is required/i.test(text)) return CUDNN_ABSENT;
  return advice ? `${reason} (${advice})` : reason;
}
