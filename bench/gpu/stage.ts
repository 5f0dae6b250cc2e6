import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, globSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The archive's one folder. */
export const FOLDER = 'assayer-gpu';

/** The project's own files that the bench runs on. */
const PROJECT = [
  'package.json',
  'LICENSE',
  'src/**/*.ts',
  'bench/gpu.ts',
  'bench/machine.ts',
  'bench/report-table.ts',
  'bench/gpu/*.{ts,py}',
  'kernels/**/*.{ts,cu,h,wasm,fatbin,onnx}',
  'kernels/BUILD*.txt',
  'test/conformance/{packed-case,mmd-case,search-questions}.ts',
  'test/conformance/cases/*.json',
  'models/**/*',
  'examples/*',
  'docs/gpu.md',
];
/**
 * Of the packages that the bench's modules import, what runs on Linux x64 with glibc: ONNX Runtime's and koffi's binaries for
 * other systems, sources, and type declarations stay behind.
 */
const PACKAGES = [
  'canonicalize/{package.json,LICENSE,lib/**/*.js}',
  'koffi/{package.json,LICENSE.txt,index.js,index.cjs,src/koffi/{,src/}*.{js,cjs}}',
  '@koromix/koffi-linux-x64/{package.json,index.js,linux_x64/*}',
  'onnxruntime-common/{package.json,dist/{cjs,esm}/{package.json,*.js}}',
  'onnxruntime-node/{package.json,dist/*.js,bin/napi-v6/linux/x64/{onnxruntime_binding.node,libonnxruntime.so.1}}',
];
const NODE = 'node_modules/node/bin/node';

const RUN = `#!/bin/sh
# Runs the GPU bench of this folder; docs/gpu.md says what it does, --quick is its short form.
here=$(cd "\${0%/*}" && pwd) || exit 1
exec "$here/bin/node" "$here/bench/gpu.ts" "$@"
`;

/**
 * Copies what the archive holds into a folder of its own.
 * @param root    the checkout, with its packages installed
 * @param into    where the folder is made
 * @param commit  what the results will name
 * @returns the folder's path
 */
export function stage(root: string, into: string, commit: string): string {
  const folder = join(into, FOLDER);
  const paths = [
    ...globSync(PROJECT, { cwd: root }),
    ...globSync(
      PACKAGES.map((pattern) => `node_modules/${pattern}`),
      { cwd: root },
    ),
  ].filter((path) => statSync(join(root, path)).isFile());
  for (const path of paths) copy(join(root, path), join(folder, path));
  copy(join(root, NODE), join(folder, 'bin/node'));
  writeFileSync(join(folder, 'COMMIT'), `${commit}\n`);
  writeFileSync(join(folder, 'bench-gpu'), RUN);
  chmodSync(join(folder, 'bench-gpu'), 0o755);
  return folder;
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

/**
 * Puts a staged folder into a tar file: names in order, one time and owner for all, so that the bytes depend on nothing but
 * the files.
 */
export function archive(folder: string, tar: string): void {
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=u+w,go-w'];
  execFileSync('tar', [...same, '--format=gnu', '-cf', tar, '-C', dirname(folder), basename(folder)]);
}

/** The largest files below a folder, largest first. */
export function largestFiles(
  folder: string,
  count: number,
): { readonly path: string; readonly bytes: number }[] {
  return globSync('**/*', { cwd: folder })
    .map((path) => ({ path, stat: statSync(join(folder, path)) }))
    .filter(({ stat }) => stat.isFile())
    .map(({ path, stat }) => ({ path, bytes: stat.size }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, count);
}
