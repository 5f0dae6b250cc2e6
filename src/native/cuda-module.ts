import { AssayerError } from '../core/errors.ts';
import type { CudaDeviceInfo, CudaFunction, CudaModule, CudaStream, Launch } from './cuda.ts';
import { type CudaCalls, CudaResource } from './cuda-calls.ts';
import { MAX_DYNAMIC_SHARED_BYTES, SHARED_BYTES_WITHOUT_ASKING, WRONG_ARCHITECTURE } from './cuda-codes.ts';
import { describeFatbin } from './cuda-fatbin.ts';
import { addressOf } from './cuda-library.ts';
import { DriverStream } from './cuda-stream.ts';

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

  /** @throws ERR_GPU_ARCHITECTURE, ERR_GPU_CALL */
  constructor(calls: CudaCalls, device: CudaDeviceInfo, image: Uint8Array, name: string) {
    const module = new BigUint64Array(1);
    // A copy: a file's bytes may lie anywhere in a pool, the driver wants them aligned.
    const code = calls.ask('cuModuleLoadData', module, new Uint8Array(image));
    if (WRONG_ARCHITECTURE.has(code)) {
      throw new AssayerError('ERR_GPU_ARCHITECTURE', {
        module: name,
        device: device.name,
        capability: (device.computeCapability / 10).toFixed(1),
        held: describeFatbin(image),
      });
    }
    calls.check('cuModuleLoadData', code);
    super(calls, 'cuModuleUnload', module[0], `the kernels of ${name}`);
    this.#name = name;
  }

  /** @throws ERR_INTERNAL where the module has no such kernel */
  getFunction(name: string): CudaFunction {
    const found = new BigUint64Array(1);
    const code = this.calls.ask('cuModuleGetFunction', found, this.handle, name);
    if (code === NOT_FOUND) {
      throw new AssayerError('ERR_INTERNAL', { problem: `the kernels of ${this.#name} have no ${name}` });
    }
    this.calls.check('cuModuleGetFunction', code);
    return new DriverFunction(this, found[0], name);
  }
}

/** CUDA_ERROR_NOT_FOUND */
const NOT_FOUND = 500;

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
