import { parentPort, workerData } from 'node:worker_threads';
import { runSearchTask, type SearchMessage, type SearchThreadData } from '../backends/wasm/search-tasks.ts';

const { shards } = workerData as SearchThreadData;

/** Entry of a searching thread: answers each message with the result of its task. */
parentPort?.on('message', (message: SearchMessage) => {
  const result = runSearchTask(shards, message);
  parentPort?.postMessage(
    result,
    Object.values(result).map((column) => column.buffer as ArrayBuffer),
  );
});
