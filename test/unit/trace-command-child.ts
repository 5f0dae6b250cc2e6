import { openRegistry } from '../../src/flows/registry/open-registry.ts';
import { createEngine } from '../../src/main.ts';

/** Takes in a workspace as a process of its own: `<workspace> <url or ''> <models> <step at which it kills itself>`. */
const [workspace, url, modelsFolder, last] = process.argv.slice(2);
let steps = 0;
const onStep = () => {
  if (++steps === Number(last)) process.kill(process.pid, 'SIGKILL');
};
const engine = createEngine({ devices: ['cpu'], threads: 1 });
await using _ = await openRegistry(engine, workspace, { modelsFolder, onStep, ...(url && { url }) });
process.stdout.write(`${steps}\n`);
