import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { sha256 } from '../core/hash.ts';
import { systemCode } from './file-error.ts';

/** What a process id is unique in; '' where the system does not tell. */
export interface ProcessSpace {
  readonly hostname: string;
  /** Changes with every start of the machine, and differs where two machines have one name. */
  readonly bootId: string;
  /** Differs between containers of one machine, which number their processes each from 1. */
  readonly pidNamespace: string;
}

/** Eight hex digits for a process space. */
export function spaceTag({ hostname: host, bootId, pidNamespace }: ProcessSpace): string {
  return sha256(`${host}\n${bootId}\n${pidNamespace}`).slice(0, 8);
}

function ownSpace(): ProcessSpace {
  return {
    hostname: hostname(),
    bootId: ifPresent(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: ifPresent(() => readlinkSync('/proc/self/ns/pid')),
  };
}

/** Only Linux has these; elsewhere the host's name must do. */
function ifPresent(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

const SPACE = spaceTag(ownSpace());

/** `<pid>-<process space>`: who made a lock or a partial file. The space matters because folders can be shared. */
export const PROCESS_TAG: string = `${process.pid}-${SPACE}`;

const TAG = /^(\d+)-([0-9a-f]{8})$/;

/**
 * True when the process of this tag is known to have ended. A process of another machine or container, or from before the
 * machine's last start, cannot be asked for, so it counts as alive; so does an unreadable tag's owner.
 */
export function isDead(tag: string): boolean {
  const [, pid, space] = TAG.exec(tag) ?? [];
  if (space !== SPACE) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (cause) {
    return systemCode(cause) === 'ESRCH';
  }
}

/** The process of a tag, in words for a message. */
export function describeProcess(tag: string): string {
  const [, pid, space] = TAG.exec(tag) ?? [];
  if (pid === undefined) return 'unknown';
  return space === SPACE ? pid : `${pid} of another machine, container or system start`;
}
