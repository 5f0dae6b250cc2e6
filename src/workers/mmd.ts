import { parentPort, workerData } from 'node:worker_threads';
import { MmdSweep, type MmdTask } from '../backends/wasm/mmd-sweep.ts';
import type { MmdThreadData } from '../backends/wasm/mmd-threads.ts';

const { layout, workspace } = workerData as MmdThreadData;
const sweep = new MmdSweep(layout, workspace);

/** Entry of a thread of MMD: answers each task with its part. */
parentPort?.on('message', (task: MmdTask) => {
  const part = sweep.run(task);
  parentPort?.postMessage(
    part,
    Object.values(part).map((column) => column.buffer as ArrayBuffer),
  );
});
