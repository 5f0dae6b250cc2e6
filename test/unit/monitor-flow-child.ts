import { act } from '../../src/flows/monitor/act.ts';
import { workRetrains } from '../../src/flows/monitor/retrain.ts';
import { TestClock } from '../registry/fixtures.ts';
import { buildFake, openAt } from './monitor-flow-fixtures.ts';

/** Acts on decisions, or retrains, as a process of its own that kills itself at a step: `<workspace> <step> <advance ms>`. */
const [path, fatalStep, advance] = process.argv.slice(2);
const clock = new TestClock();
clock.advance(Number(advance));
const onStep = (step: string) => {
  if (step === fatalStep) process.kill(process.pid, 'SIGKILL');
};
await using registry = await openAt(path, clock);
const webhooks = process.env.ASSAYER_WEBHOOKS;
await act(registry, null, { onStep, ...(webhooks && { webhooks }) });
await workRetrains(registry, buildFake, { modelsFolder: '/nowhere', onStep });
