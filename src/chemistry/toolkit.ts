import { readFileSync } from 'node:fs';
import rdkitPackage, { type MainModule, type Mol } from '@rdkit/rdkit';
import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { AssayerError, describeCause } from '../core/errors.ts';
import { readDescriptors } from './descriptors.ts';
import { toolkitProgram, toolkitVersion } from './toolkit-version.ts';

export type RDKitModule = MainModule;
export type JSMol = Mol;

/** What is used of WebAssembly here; TypeScript declares it only together with the browser's whole DOM. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<WasmProgram>;
  instantiate(program: WasmProgram, imports: unknown): Promise<WasmInstance>;
};
type WasmProgram = object;
type WasmInstance = object;

/**
 * The chemistry toolkit of one thread. RDKit is compiled once. An instance that threw is broken for good: a trap
 * unwinds nothing, and the next call, `delete` included, may never return. So molecules are deleted on the way of
 * success only; after any throw the holder calls `rebuild`, and what the old instance held is freed with it.
 */
export class Toolkit {
  #rdkit: RDKitModule;
  readonly #program: WasmProgram;
  readonly #massDifferences = new Map<number, number>();

  private constructor(program: WasmProgram, rdkit: RDKitModule) {
    this.#program = program;
    this.#rdkit = rdkit;
  }

  /** @throws ERR_CHEMISTRY when RDKit cannot be started, or is not the version that its package names */
  static async load(): Promise<Toolkit> {
    return orFail(async () => {
      const program = await WebAssembly.compile(readFileSync(toolkitProgram()));
      const rdkit = await instantiate(program);
      const expected = toolkitVersion();
      // RDKit pads the month: 2026.09.1 is package version 2026.9.1.
      const found = rdkit.version().replace(/\.0+(?=\d)/g, '.');
      if (found !== expected) throw new TypeError(`RDKit is ${found}, its package ${expected}`);
      checkDescriptors(rdkit);
      return new Toolkit(program, rdkit);
    });
  }

  get rdkit(): RDKitModule {
    return this.#rdkit;
  }

  /** Replaces the instance by a fresh one. @throws ERR_CHEMISTRY when RDKit cannot be started */
  async rebuild(): Promise<void> {
    this.#rdkit = await orFail(() => instantiate(this.#program));
  }

  /**
   * An isotope's mass less the element's standard weight, in Da, by RDKit's own tables; cut toward zero.
   * @param element atomic number, 0 for a dummy atom
   * @param isotope mass number, >= 1
   */
  massDifference = (element: number, isotope: number): number => {
    const key = element * 1024 + isotope;
    let difference = this.#massDifferences.get(key);
    if (difference === undefined) {
      difference = Math.trunc(this.#weight(`[${isotope}#${element}]`) - this.#weight(`[#${element}]`));
      this.#massDifferences.set(key, difference);
    }
    return difference;
  };

  #weight(smiles: string): number {
    const mol = this.#rdkit.get_mol(smiles);
    const weight = mol ? (JSON.parse(mol.get_descriptors()) as { amw: number }).amw : 0;
    mol?.delete();
    return weight;
  }
}

/** Once for each thread, so that other names stop the engine instead of refusing every compound. */
function checkDescriptors(rdkit: RDKitModule): void {
  const methane = rdkit.get_mol('C');
  readDescriptors(methane?.get_descriptors() ?? '{}', new Float32Array(DESCRIPTOR_COUNT));
  methane?.delete();
}

async function orFail<T>(start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (cause) {
    if (cause instanceof AssayerError) throw cause;
    throw new AssayerError('ERR_CHEMISTRY', { problem: describeCause(cause) }, { cause });
  }
}

async function instantiate(program: WasmProgram): Promise<RDKitModule> {
  return rdkitPackage.default({
    print: () => {},
    printErr: () => {},
    instantiateWasm(imports: unknown, receive: (instance: WasmInstance) => void) {
      WebAssembly.instantiate(program, imports).then(receive);
    },
  });
}
