/** The part of the WebAssembly interface used here; neither TypeScript's `es` libraries nor Node's types have it. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  interface MemoryDescriptor {
    /** In pages of 64 KiB. */
    readonly initial: number;
    readonly maximum?: number;
    readonly shared?: boolean;
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor);
    /** A SharedArrayBuffer where the memory is shared. */
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Global<T> {
    value: T;
  }
  class Instance {
    constructor(module: Module, imports?: Record<string, Record<string, unknown>>);
    readonly exports: Exports;
  }
  type Exports = Record<string, unknown>;
}
