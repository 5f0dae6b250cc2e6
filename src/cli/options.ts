import { join, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';

/** Reads `a,b,c`. */
export function list(text: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.some((item) => item === '')) throw new InvalidArgumentError('Give names separated by commas.');
  return items;
}

/** Reads a whole number of at least 1. */
export function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('Give a whole number of at least 1.');
  return value;
}

/** The folder of public data that a command reads: as named, else by the environment, else beside the checkout; absolute. */
export function dataFolderOf(named: string | undefined): string {
  return resolve(named ?? join(process.env.ASSAYER_SHARED ?? '../shared', 'data'));
}

/** Reads a probability, 0 and 1 excluded. */
export function probability(text: string): number {
  const value = Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError('Give a number between 0 and 1.');
}

/** Devices that `--device` may name, in the order they are listed. */
export const DEVICES = ['cuda', 'webgpu', 'cpu'];

/** Reads `cuda,cpu` or `cuda:1,cpu`, the second GPU; case does not matter. */
export function devices(text: string): string[] {
  const names = list(text.toLowerCase());
  const unknown = names.find((name) => !DEVICES.includes(name.replace(/^cuda:\d+$/, 'cuda')));
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(
    `There is no device ${unknown}. Known: ${DEVICES.join(', ')}, and cuda:1 for a second GPU.`,
  );
}

/** Backends that `--backend` may name, in the order they are tried when none is named. */
export const BACKENDS = ['cuda', 'ort', 'tfjs', 'wasm', 'reference'];

/** Reads `cuda,wasm`; case does not matter. */
export function backends(text: string): string[] {
  const names = list(text.toLowerCase());
  const unknown = names.find((name) => !BACKENDS.includes(name));
  if (unknown === undefined) return names;
  const advice = /^cuda:\d+$/.test(unknown) ? ' Choose a GPU with CUDA_VISIBLE_DEVICES.' : '';
  throw new InvalidArgumentError(`There is no backend ${unknown}. Known: ${BACKENDS.join(', ')}.${advice}`);
}
