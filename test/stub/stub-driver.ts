import koffi from 'koffi';

type Setting =
  | 'driver_version'
  | 'devices'
  | 'capability'
  | 'multiprocessors'
  | 'memory_bytes'
  | 'shared_bytes'
  /** Of the emulator's random order. */
  | 'seed'
  /** 1: work is done when it is asked for, instead of when somebody waits for it. */
  | 'eager'
  /** 1: calls are written down with what they were given. */
  | 'log';

/** The handles behind a stub driver: what a test sets before, and asks after, the code under test has used it. */
export interface StubDriver {
  readonly path: string;
  set(setting: Setting, value: number): void;
  /** Makes the nth call from now on answer this code. */
  fail(call: string, nth: number, code: number): void;
  /** Wrong uses so far: leaks, double frees, copies past the end, faults of kernels. */
  problems(): string[];
  log(): string[];
  calls(call: string): number;
  /** Forgets all that was made, set and seen. For between tests, when every context is closed. */
  reset(): void;
}

/** @param path what buildStub made; a library loads once in a process, so its state is shared by all who open it */
export function openStub(path: string): StubDriver {
  const library = koffi.load(path);
  const set: (name: string, value: number) => number = library.func('int stub_set(const char *, int64_t)');
  const fail: StubDriver['fail'] = library.func('void stub_fail(const char *, int, int)');
  const problems: () => string = library.func('const char *stub_problems()');
  const log: () => string = library.func('const char *stub_log()');
  const lines = (text: string) => text.split('\n').filter(Boolean);
  return {
    path,
    set: (name, value) => {
      if (set(name, value) !== 0) throw new Error(`the stub driver has no setting ${name}`);
    },
    fail,
    problems: () => lines(problems()),
    log: () => lines(log()),
    calls: library.func('int stub_calls(const char *)'),
    reset: library.func('void stub_reset()'),
  };
}

/**
 * A fatbin without code, for devices that only look at what it is for (src/native/cuda-fatbin.ts draws the format).
 * @param architectures as in sm_90, sm_90a, or compute_90 for PTX
 */
export function emptyFatbin(architectures: readonly string[]): Uint8Array {
  const entryBytes = 64;
  const bytes = new Uint8Array(16 + entryBytes * architectures.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xba55ed50, true);
  view.setUint16(4, 1, true);
  view.setUint16(6, 16, true);
  view.setBigUint64(8, BigInt(bytes.length - 16), true);
  architectures.forEach((architecture, i) => {
    const at = 16 + entryBytes * i;
    const [, kind, number, suffix] = /^(sm|compute)_(\d+)(a?)$/.exec(architecture)!;
    view.setUint16(at, kind === 'sm' ? 2 : 1, true);
    view.setUint16(at + 2, 0x101, true);
    view.setUint32(at + 4, entryBytes, true);
    view.setUint32(at + 28, Number(number), true);
    view.setUint32(at + 40, suffix ? 0x100011 : 0x11, true);
  });
  return bytes;
}
