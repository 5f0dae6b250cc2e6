import { updateMonitoringState } from '../../src/store/monitoring-state.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { STATES, watched } from './monitoring-fixtures.ts';

/** Puts a refusal in force, as a process of its own that kills itself at a step: `<workspace> <step>`. */
const [path, fatalStep] = process.argv.slice(2);
await updateMonitoringState(
  await openWorkspace(path),
  async () => [watched([STATES.refused])],
  (step) => {
    if (step === fatalStep) process.kill(process.pid, 'SIGKILL');
  },
);
