import { AssayerError } from '../core/errors.ts';
import type { CudaDeviceInfo, CudaFunction, CudaModule, CudaStream, Launch } from './cuda.ts';
import { type CudaCalls, CudaResource } from './cuda-calls.ts';
import {
  CUDA,
  MAX_DYNAMIC_SHARED_BYTES,
  SHARED_BYTES_WITHOUT_ASKING,
  WRONG_ARCHITECTURE,
} from './cuda-codes.ts';
import { describeFatbin } from './cuda-fatbin.ts';
import { addressOf } from './cuda-library.ts';
import { DriverStream } from './cuda-stream.ts';

/** Turing; CUDA 13 makes no code for cards before it. */
const LEAST_CAPABILITY = 75;
const TOO_OLD = 'Cards before compute capability 7.5 are not supported; other backends do the same work.';
const BUILD = 'In a checkout, build them for it with npm run build:kernels; other backends do the same work.';

/** The most that a kernel's parameters may take (CUDA C++ programming guide, function parameters). */
const PARAMETER_BYTES = 4096;

/**
 * What cuLaunchKernel reads, and copies before it returns:
 *
 *     bytes 0 .. 4095   the parameter struct
 *     bytes 4096 ..     its address: the one entry of the list of parameters
 */
const parameterList = new Uint8Array(PARAMETER_BYTES + 8);
const listEntry = parameterList.subarray(PARAMETER_BYTES);
new BigUint64Array(parameterList.buffer, PARAMETER_BYTES)[0] = addressOf(parameterList);

export class DriverModule extends CudaResource implements CudaModule {
  readonly #name: string;
  readonly #device: CudaDeviceInfo;
  readonly #held: string;

  /** @throws ERR_GPU_ARCHITECTURE, ERR_OUT_OF_MEMORY, ERR_GPU_CALL */
  constructor(calls: CudaCalls, device: CudaDeviceInfo, image: Uint8Array, name: string) {
    const module = new BigUint64Array(1);
    // A copy: a file's bytes may lie anywhere in a pool, the driver wants them aligned.
    const code = calls.ask('cuModuleLoadData', module, new Uint8Array(image));
    const held = describeFatbin(image);
    checkArchitecture(code, device, name, held);
    calls.check('cuModuleLoadData', code);
    super(calls, 'cuModuleUnload', module[0], `the kernels of ${name}`);
    this.#name = name;
    this.#device = device;
    this.#held = held;
  }

  /**
   * A driver that loads code late (CUDA_MODULE_LOADING, lazy unless said) may look for the device's only now.
   * @throws ERR_INTERNAL where the module has no such kernel; as the constructor
   */
  getFunction(name: string): CudaFunction {
    const found = new BigUint64Array(1);
    const code = this.calls.ask('cuModuleGetFunction', found, this.handle, name);
    checkArchitecture(code, this.#device, this.#name, this.#held);
    if (code === CUDA.NOT_FOUND) {
      throw new AssayerError('ERR_INTERNAL', { problem: `the kernels of ${this.#name} have no ${name}` });
    }
    this.calls.check('cuModuleGetFunction', code);
    return new DriverFunction(this, found[0], name);
  }
}

/** @throws ERR_GPU_ARCHITECTURE where the code says that nothing in the fatbin runs on the device */
function checkArchitecture(code: number, device: CudaDeviceInfo, module: string, held: string): void {
  if (!WRONG_ARCHITECTURE.has(code)) return;
  throw new AssayerError('ERR_GPU_ARCHITECTURE', {
    module,
    device: device.name,
    capability: (device.computeCapability / 10).toFixed(1),
    held,
    advice: device.computeCapability < LEAST_CAPABILITY ? TOO_OLD : BUILD,
  });
}

class DriverFunction implements CudaFunction {
  readonly name: string;
  readonly #module: DriverModule;
  readonly #function: bigint;
  #sharedBytes = SHARED_BYTES_WITHOUT_ASKING;

  constructor(module: DriverModule, handle: bigint, name: string) {
    this.#module = module;
    this.#function = handle;
    this.name = name;
  }

  residentBlocks(threads: number, sharedBytes: number): number {
    const { calls, handle } = this.#prepare(sharedBytes);
    const blocks = new Int32Array(1);
    calls.run('cuOccupancyMaxActiveBlocksPerMultiprocessor', blocks, handle, threads, sharedBytes);
    return blocks[0];
  }

  launch(stream: CudaStream, { blocks, threads, sharedBytes }: Launch, parameters: Uint8Array): void {
    if (!(stream instanceof DriverStream) || parameters.length > PARAMETER_BYTES) {
      throw new AssayerError('ERR_INTERNAL', {
        problem: `${this.name} was launched on another driver's stream or with ${parameters.length} bytes of parameters`,
      });
    }
    const { calls, handle } = this.#prepare(sharedBytes);
    parameterList.set(parameters);
    calls.run(
      'cuLaunchKernel',
      handle,
      ...[blocks, 1, 1],
      ...[threads, 1, 1],
      sharedBytes,
      stream.handle,
      listEntry,
      null,
    );
  }

  /** More shared memory than the usual has to be asked for once. */
  #prepare(sharedBytes: number): { readonly calls: CudaCalls; readonly handle: bigint } {
    const { calls } = this.#module;
    this.#module.checkOpen();
    if (sharedBytes > this.#sharedBytes) {
      calls.run('cuFuncSetAttribute', this.#function, MAX_DYNAMIC_SHARED_BYTES, sharedBytes);
      this.#sharedBytes = sharedBytes;
    }
    return { calls, handle: this.#function };
  }
}
