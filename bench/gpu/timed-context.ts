import type {
  CudaContext,
  CudaEvent,
  CudaFunction,
  CudaModule,
  CudaStream,
  DeviceMemory,
  Launch,
  PinnedMemory,
} from '../../src/native/cuda.ts';

/** Device time by what took it, in milliseconds: kernels by name; uploads, downloads, copies and fills together. */
export interface DeviceTime {
  readonly kernels: Readonly<Record<string, number>>;
  readonly kernelMilliseconds: number;
  readonly transferMilliseconds: number;
  readonly launches: number;
  /** From the first of them to the end of the last, waits for the host included. */
  readonly spanMilliseconds: number;
}

interface Span {
  readonly name: string;
  readonly isKernel: boolean;
  readonly before: CudaEvent;
  readonly after: CudaEvent;
}

/**
 * A context that puts an event before and after everything that is asked of the device, so that the device itself says
 * how long each took. Work of one stream cannot overlap, so its times add up; what several streams do at once counts
 * for each.
 */
export class TimedContext implements CudaContext {
  readonly #inner: CudaContext;
  readonly #free: CudaEvent[] = [];
  readonly #made = new DisposableStack();
  #spans: Span[] = [];

  /** @param inner  disposed of with this */
  constructor(inner: CudaContext) {
    this.#inner = this.#made.use(inner);
  }

  get device() {
    return this.#inner.device;
  }

  get lost() {
    return this.#inner.lost;
  }

  /** The time of all that was asked since the last call; waits until it is done. */
  async take(): Promise<DeviceTime> {
    const spans = this.#spans;
    this.#spans = [];
    for (const { after } of spans) await after.wait();
    const kernels: Record<string, number> = {};
    let transferMilliseconds = 0;
    let spanMilliseconds = 0;
    for (const { name, isKernel, before, after } of spans) {
      const time = after.millisecondsSince(before);
      if (isKernel) kernels[name] = (kernels[name] ?? 0) + time;
      else transferMilliseconds += time;
      spanMilliseconds = Math.max(spanMilliseconds, after.millisecondsSince(spans[0].before));
    }
    this.#free.push(...spans.flatMap(({ before, after }) => [before, after]));
    return {
      kernels,
      kernelMilliseconds: Object.values(kernels).reduce((sum, time) => sum + time, 0),
      transferMilliseconds,
      launches: spans.filter(({ isKernel }) => isKernel).length,
      spanMilliseconds,
    };
  }

  /** @param stream  of the inner context */
  time(stream: CudaStream, name: string, isKernel: boolean, enqueue: () => void): void {
    const [before, after] = [this.#event(), this.#event()];
    stream.record(before);
    enqueue();
    stream.record(after);
    this.#spans.push({ name, isKernel, before, after });
  }

  #event(): CudaEvent {
    return this.#free.pop() ?? this.#made.use(this.#inner.createEvent());
  }

  memory() {
    return this.#inner.memory();
  }

  loadModule(image: Uint8Array, name: string): CudaModule {
    const inner = this.#inner.loadModule(image, name);
    return {
      getFunction: (kernel) => new TimedFunction(this, inner.getFunction(kernel)),
      [Symbol.dispose]: () => inner[Symbol.dispose](),
    };
  }

  allocate(sizeBytes: number, purpose: string): DeviceMemory {
    return this.#inner.allocate(sizeBytes, purpose);
  }

  allocatePinned(sizeBytes: number, purpose: string): PinnedMemory {
    return this.#inner.allocatePinned(sizeBytes, purpose);
  }

  createStream(): CudaStream {
    return new TimedStream(this, this.#inner.createStream());
  }

  createEvent(): CudaEvent {
    return this.#inner.createEvent();
  }

  [Symbol.dispose](): void {
    this.#made.dispose();
  }
}

class TimedFunction implements CudaFunction {
  readonly #context: TimedContext;
  readonly #inner: CudaFunction;

  constructor(context: TimedContext, inner: CudaFunction) {
    this.#context = context;
    this.#inner = inner;
  }

  get name(): string {
    return this.#inner.name;
  }

  residentBlocks(threads: number, sharedBytes: number): number {
    return this.#inner.residentBlocks(threads, sharedBytes);
  }

  launch(stream: CudaStream, launch: Launch, parameters: Uint8Array): void {
    const { inner } = stream as TimedStream;
    this.#context.time(inner, this.name, true, () => this.#inner.launch(inner, launch, parameters));
  }
}

class TimedStream implements CudaStream {
  readonly #context: TimedContext;
  readonly inner: CudaStream;

  constructor(context: TimedContext, inner: CudaStream) {
    this.#context = context;
    this.inner = inner;
  }

  upload(...args: Parameters<CudaStream['upload']>): void {
    this.#context.time(this.inner, 'upload', false, () => this.inner.upload(...args));
  }

  download(...args: Parameters<CudaStream['download']>): void {
    this.#context.time(this.inner, 'download', false, () => this.inner.download(...args));
  }

  copy(...args: Parameters<CudaStream['copy']>): void {
    this.#context.time(this.inner, 'copy', false, () => this.inner.copy(...args));
  }

  fill(...args: Parameters<CudaStream['fill']>): void {
    this.#context.time(this.inner, 'fill', false, () => this.inner.fill(...args));
  }

  record(event: CudaEvent): void {
    this.inner.record(event);
  }

  wait(event: CudaEvent): void {
    this.inner.wait(event);
  }

  async synchronize(): Promise<void> {
    await this.inner.synchronize();
  }

  [Symbol.dispose](): void {
    this.inner[Symbol.dispose]();
  }
}
