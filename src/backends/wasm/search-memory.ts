import { AssayerError } from '../../core/errors.ts';

const PAGE_BYTES = 65536;
const MAX_PAGES = 65536;
/** Addresses handed out are multiples of this: a cache line, and a row of a block. */
export const ALIGNMENT = 64;

/** Memory that worker threads share; it can grow, but its views must be made again after that. */
export function allocateMemory(bytes: number, purpose: string): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({
      initial: Math.ceil(bytes / PAGE_BYTES),
      maximum: MAX_PAGES,
      shared: true,
    });
  } catch (cause) {
    throw new AssayerError('ERR_OUT_OF_MEMORY', { purpose, sizeBytes: bytes }, { cause });
  }
}

/** Grows a memory to at least so many bytes. @throws ERR_OUT_OF_MEMORY */
export function growMemory(memory: WebAssembly.Memory, bytes: number, purpose: string): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES);
  if (missing <= 0) return;
  try {
    memory.grow(missing);
  } catch (cause) {
    throw new AssayerError('ERR_OUT_OF_MEMORY', { purpose, sizeBytes: bytes }, { cause });
  }
}

/** Hands out addresses one after the other, each aligned. */
export class Arena {
  #next: number;

  constructor(start: number) {
    this.#next = align(start);
  }

  /** Address of so many bytes. */
  take(bytes: number): number {
    const address = this.#next;
    this.#next = align(address + bytes);
    return address;
  }

  /** First address not handed out. */
  get end(): number {
    return this.#next;
  }
}

export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
