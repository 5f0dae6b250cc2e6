/** Where an error stands with the caller: what HTTP would answer, whether a retry can help, how the process ends. */
interface ErrorKind {
  /** Text with `{name}` places; says what was wrong, where, and what to do. */
  readonly message: string;
  /** HTTP status of the answer. */
  readonly status: number;
  /** True when the same call can succeed later without a change by the caller. */
  readonly retryable: boolean;
  /** Exit code of the command line: 2 the call or the input cannot be used, 1 Assayer failed, 130 cancelled. */
  readonly exitCode: 1 | 2 | 130;
}

/** The one catalogue of errors. docs/errors.md holds the same codes; a test keeps both equal. */
export const ERRORS = {
  ERR_USAGE: { message: '{problem}', status: 400, retryable: false, exitCode: 2 },
  ERR_INPUT_NOT_FOUND: {
    message: 'Input {path} does not exist. Check the path; use - for standard input.',
    status: 404,
    retryable: false,
    exitCode: 2,
  },
  ERR_INPUT_UNREADABLE: {
    message: 'Input {path} cannot be read: {problem}.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_INPUT_EMPTY: {
    message: 'Input {path} holds no rows. Give a file with at least one compound.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_INPUT_FORMAT: {
    message:
      'Input {path} is not valid {format}: {problem}. Name the format with --format if it is another one.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_INPUT_NO_SMILES_COLUMN: {
    message:
      'Input {path} has no column that holds SMILES (columns: {columns}). Name it with --smiles-column.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_INPUT_COLUMN_NOT_FOUND: {
    message: 'Input {path} has no column {column} (columns: {columns}).',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_INPUT_LINE_TOO_LONG: {
    message:
      'Input {path}, line {line}: longer than {limitBytes} bytes, so this is not a table of compounds. Split the file into lines.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_INPUT_CORRUPT: {
    message: 'Input {path} is damaged: {problem}. Fetch or write it again.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_OUTPUT_FORMAT: {
    message:
      'Output {path}: no format known for this name. End it in .csv, .tsv, .parquet, .arrow or .jsonl (each but .parquet and .arrow also with .gz).',
    status: 400,
    retryable: false,
    exitCode: 2,
  },
  ERR_OUTPUT_UNWRITABLE: {
    message: 'Output {path} cannot be written: {problem}. Choose another place.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_OUTPUT_BUSY: {
    message:
      'Output {path} is being written by process {pid}. Wait for it, or choose another name; delete {lock} if that process is gone.',
    status: 409,
    retryable: true,
    exitCode: 2,
  },
  ERR_MODEL_NOT_FOUND: {
    message: 'There is no model {model} in {folder}. Known: {known}.',
    status: 404,
    retryable: false,
    exitCode: 2,
  },
  ERR_MODEL_CORRUPT: {
    message: 'Model {model} is damaged: {problem}. Restore {path} or train it again.',
    status: 500,
    retryable: false,
    exitCode: 2,
  },
  ERR_CONTRACT_MISMATCH: {
    message:
      'Model {model} was trained under feature contract {expected}, this engine makes {actual} ({difference}). Use a model of this contract, or train it again.',
    status: 409,
    retryable: false,
    exitCode: 2,
  },
  ERR_MODEL_IMPORT: {
    message: 'Model file {path} cannot be imported: {problem}.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_MODEL_INTERFACE: {
    message: 'Model file {path} has {has}. They cannot be used: {problem}.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_MODEL_ANSWERS: {
    message: 'Model file {path} was run, and its answers cannot be used: {problem}.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_ENDPOINT_DEFINITION: {
    message: 'Endpoint {endpoint} cannot be defined like this ({path}): {problem}.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_BLOB_CORRUPT: {
    message:
      'Stored file {path} does not match its hash {expected} (found {actual}). Delete it; it is made anew.',
    status: 500,
    retryable: false,
    exitCode: 1,
  },
  ERR_WORKSPACE: {
    message: 'Workspace {path} cannot be used: {problem}. Name another folder with --workspace.',
    status: 500,
    retryable: false,
    exitCode: 2,
  },
  ERR_DATA_NOT_FOUND: {
    message:
      'Training data for {endpoint} is missing: {path}. Give the folder that holds it with --data or ASSAYER_SHARED.',
    status: 404,
    retryable: false,
    exitCode: 2,
  },
  ERR_DATA_MISMATCH: {
    message: 'Training data for {endpoint} does not fit its recipe: {problem} ({path}).',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_DATA_SOURCE: {
    message:
      'Training data for {endpoint} is another file than its recipe was made for: {path} has SHA-256 {actual}, the recipe names {expected}. Restore that file, or write a recipe for this one.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_DATA_COLUMN: {
    message:
      'Training data for {endpoint} has no column {column} ({path} has {columns}). Correct the recipe or the file.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_DATA_UNITS: {
    message:
      'Training data for {endpoint} mixes units: row {row} is in {unit}, the recipe converts {known} ({path}). Convert the values, or name the factor of the unit in the recipe.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_DATA_LABELS: {
    message: 'Labels for {endpoint} cannot be used: {problem} ({path}).',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_DATA_ONE_CLASS: {
    message:
      'Training data for {endpoint}: the {part} rows are all of one class ({path}). Give rows of both classes.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_DATA_TOO_FEW: {
    message:
      'Training data for {endpoint} are too few: {rows} usable {part} rows in {groups} scaffold groups, at least {leastRows} in {leastGroups} are needed ({path}).',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_DATA_DUPLICATES: {
    message:
      'Training data for {endpoint} hold {compounds} compounds in {rows} rows: what is left once duplicates are merged is too few ({path}). Give more compounds.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_LABELS: {
    message: 'The labels {path} cannot be used: {problem}.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_PAIRS: {
    message: 'The pairs of {path} cannot be used: {problem}.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_NOT_COMPARABLE: {
    message:
      'Figures of {left} and {right} cannot stand side by side: they differ in {difference}. Compare models that were measured alike.',
    status: 409,
    retryable: false,
    exitCode: 2,
  },
  ERR_NOT_REPRODUCED: {
    message:
      'Made again from its data, {model} is another artifact ({rebuilt} instead of {hash}): {differs}. Check that data, lock file and sources are those of its build.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_RELEASE_REFUSED: {
    message: 'Release of {model} is refused: {checks}. {record} {advice}',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_RELEASE_CONFLICT: {
    message:
      'Another release of {endpoint} was recorded while this one was checked: version {version} by {approver}. Look at it with assayer release show {endpoint}, then run this one again.',
    status: 409,
    retryable: true,
    exitCode: 2,
  },
  ERR_RELEASE_CORRUPT: {
    message: 'The release records of {endpoint} are damaged: {problem} ({path}). Restore them from a copy.',
    status: 500,
    retryable: false,
    exitCode: 2,
  },
  ERR_RELEASE_NOT_FOUND: {
    message: 'There is no release record {record} in workspace {workspace}. Known: {known}.',
    status: 404,
    retryable: false,
    exitCode: 2,
  },
  ERR_RELEASE_POLICY: {
    message: 'Release policy {path} cannot be used: {problem}.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_RELEASE_WAIVER: {
    message: 'Check {check} cannot be waived: {problem}.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_POLICY: {
    message: 'Policy {path} cannot be used: {problem}.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_POLICY_LATE: {
    message:
      'Policy {name} would be effective from {effectiveFrom}, before it is recorded ({recorded}): it would judge what is known already. Set effectiveFrom to a later time.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_POLICY_EVIDENCE: {
    message: 'Evidence of monitor {monitor} cannot be judged: {problem}.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_POLICY_UNKNOWN: {
    message: 'There is no policy {policy}: {problem}. Record one with assayer policy add.',
    status: 404,
    retryable: false,
    exitCode: 2,
  },
  ERR_MONITOR_UNKNOWN: {
    message: 'There is no monitor {monitor} (known: {known}). Add one with assayer monitor add.',
    status: 404,
    retryable: false,
    exitCode: 2,
  },
  ERR_MONITOR: {
    message: 'Monitor {monitor} cannot do this: {problem}.',
    status: 409,
    retryable: false,
    exitCode: 2,
  },
  ERR_RETRAIN: {
    message: 'No candidate of {endpoint} was made: {problem}.',
    status: 409,
    retryable: false,
    exitCode: 2,
  },
  ERR_MONITORING_CORRUPT: {
    message:
      'The monitoring state {path} is damaged: {problem}. Restore it from a copy, or have it written anew from the recorded decisions with assayer monitor check; without it nobody knows what is frozen.',
    status: 500,
    retryable: false,
    exitCode: 2,
  },
  ERR_FROZEN: {
    message:
      'Nothing can be answered: {frozen}. Release another version, have a named person resume this one, or name other endpoints with --endpoints.',
    status: 409,
    retryable: false,
    exitCode: 2,
  },
  ERR_WEBHOOK: {
    message: 'Webhook {name} cannot be used: {problem}.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_ENDPOINT_UNKNOWN: {
    message: 'There is no endpoint {endpoint}. Known: {known}.',
    status: 404,
    retryable: false,
    exitCode: 2,
  },
  ERR_INDEX_NOT_FOUND: {
    message: 'There is no index at {path}. Build one with assayer index build.',
    status: 404,
    retryable: false,
    exitCode: 2,
  },
  ERR_INDEX_CORRUPT: {
    message: 'Index {path} is damaged: {problem}. Restore it from a copy, or build it again.',
    status: 500,
    retryable: false,
    exitCode: 2,
  },
  ERR_INDEX_VERSION: {
    message:
      'Index {path} has format version {version}; this engine reads versions up to {known}. Update Assayer, or build the index again.',
    status: 409,
    retryable: false,
    exitCode: 2,
  },
  ERR_INDEX_ID_REPEATED: {
    message:
      'Id {id} repeats: it stands at {first} and at {second}. Give each row its own id (--id-column), or delete the older one first.',
    status: 409,
    retryable: false,
    exitCode: 2,
  },
  ERR_INDEX_ID_UNKNOWN: {
    message: 'Index {path} holds no {ids}. Nothing was deleted; check the ids.',
    status: 404,
    retryable: false,
    exitCode: 2,
  },
  ERR_FINGERPRINT_MISMATCH: {
    message: 'The fingerprints of {path} do not fit index {index}: {problem}.',
    status: 409,
    retryable: false,
    exitCode: 2,
  },
  ERR_REGISTRY_BUSY: {
    message: 'Registry {path} is in use: {problem}. Wait for the other process, then run this again.',
    status: 503,
    retryable: true,
    exitCode: 1,
  },
  ERR_REGISTRY_LOST: {
    message:
      'The database of registry {path} ended while it recorded something, so it is not known whether that stands. Look with assayer trace, then run this again.',
    status: 503,
    retryable: true,
    exitCode: 1,
  },
  ERR_REGISTRY_STORAGE: {
    message:
      'Registry {path} cannot be written: {problem}. Nothing was recorded; make room or give write access.',
    status: 507,
    retryable: true,
    exitCode: 1,
  },
  ERR_REGISTRY_FAILED: {
    message: 'The database of registry {path} failed: {problem}.',
    status: 500,
    retryable: false,
    exitCode: 1,
  },
  ERR_REGISTRY_VERSION: {
    message:
      'This registry is not one of this version of Assayer: {problem}. Use the newer of the two versions, or another workspace.',
    status: 409,
    retryable: false,
    exitCode: 2,
  },
  ERR_REGISTRY_REFERENCE: {
    message: 'The {kind} {subject} names {what} {name}, which the registry does not hold. Record that first.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_REGISTRY_DUPLICATE: {
    message: 'The registry holds {kind} {subject} already. Records are never replaced.',
    status: 409,
    retryable: false,
    exitCode: 2,
  },
  ERR_REGISTRY_HASH: {
    message:
      'The {kind} named {subject} has other content: its hash is {actual}. Take it from its source again.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_REGISTRY_TIME: {
    message:
      'The {kind} {subject} has the time {time}. Times are written like 2026-11-21T09:30:00.000Z, in UTC.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_REGISTRY_EMPTY: {
    message: 'The registry holds no records yet, so there is no head to sign. Record something first.',
    status: 409,
    retryable: false,
    exitCode: 2,
  },
  ERR_TEAM_UNKNOWN: {
    message:
      'The registry knows no team {team} (known: {known}). Record it with assayer registry team {team} --title "...", or correct the name.',
    status: 404,
    retryable: false,
    exitCode: 2,
  },
  ERR_LINEAGE: {
    message: 'The lineage record cannot be taken in: {problem}.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_TRACE_UNKNOWN: {
    message: 'Nothing is known of {what}: {looked}.',
    status: 404,
    retryable: false,
    exitCode: 2,
  },
  ERR_TRACE_AMBIGUOUS: {
    message: '{what} may be several things: {candidates}. Give more of the name.',
    status: 409,
    retryable: false,
    exitCode: 2,
  },
  ERR_CLOCK: {
    message:
      'The clock went back: it says {time}, and the last record is of {last}. Set the clock right; records must be in the order of time.',
    status: 409,
    retryable: true,
    exitCode: 2,
  },
  ERR_DEFINITION_CONFLICT: {
    message: 'Endpoint {endpoint} cannot be defined like this: {problem}.',
    status: 409,
    retryable: false,
    exitCode: 2,
  },
  ERR_ASSAY_UNKNOWN: {
    message:
      'Endpoint {endpoint} has no assay {assay} (known: {known}). Name one of these, or define a variant of the endpoint with that assay.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_ASSAY_EVENT: {
    message: 'Assay change {event} cannot be confirmed: {problem}.',
    status: 409,
    retryable: false,
    exitCode: 2,
  },
  ERR_KEY: {
    message: 'Key {path} cannot be used: {problem}.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_KEY_UNKNOWN: {
    message:
      'The signature of {what} is by a key that is not trusted here ({key}). Put its public key into keys/trusted of the workspace if you know whose it is.',
    status: 403,
    retryable: false,
    exitCode: 2,
  },
  ERR_SIGNATURE: {
    message: 'The signature of {what} by key {key} does not fit: it was changed after it was signed.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_BUNDLE: {
    message: 'Bundle {path} cannot be taken: {problem}. Nothing was recorded. Ask its sender for a new one.',
    status: 422,
    retryable: false,
    exitCode: 2,
  },
  ERR_BUNDLE_CONFLICT: {
    message:
      'Bundle {path} contradicts this registry, and nothing was recorded: {conflicts}. Settle each with its sender, declare another meaning as a variant (--variant), or take the rest (--skip-conflicts).',
    status: 409,
    retryable: false,
    exitCode: 2,
  },
  ERR_NOT_POSITIVE_DEFINITE: {
    message:
      'The kernel matrix is not positive definite at row {row}. Raise the noise, or remove repeated rows.',
    status: 500,
    retryable: false,
    exitCode: 1,
  },
  ERR_NO_BACKEND: {
    message: 'No device can run {operation}: {reasons}.',
    status: 503,
    retryable: false,
    exitCode: 1,
  },
  ERR_GPU_DRIVER_ABSENT: {
    message:
      'There is no NVIDIA driver: {library} cannot be loaded ({problem}). Install the driver; in a container, start it with --gpus all.',
    status: 503,
    retryable: false,
    exitCode: 1,
  },
  ERR_GPU_DRIVER_OLD: {
    message:
      'The NVIDIA driver is too old: it has {found}, the kernels need {needed} or later. Update the driver.',
    status: 503,
    retryable: false,
    exitCode: 1,
  },
  ERR_GPU_ABSENT: {
    message:
      'There is no GPU {ordinal}: the NVIDIA driver shows {count}. Look with nvidia-smi, and at CUDA_VISIBLE_DEVICES.',
    status: 503,
    retryable: false,
    exitCode: 1,
  },
  ERR_GPU_ARCHITECTURE: {
    message:
      'The kernels of {module} cannot run on {device} of compute capability {capability}: they hold {held}. {advice}',
    status: 503,
    retryable: false,
    exitCode: 1,
  },
  ERR_GPU_CALL: {
    message: 'The NVIDIA driver failed in {call} with {name} ({number}: {meaning}) on {device}. {advice}',
    status: 503,
    retryable: true,
    exitCode: 1,
  },
  ERR_KERNELS_MISSING: {
    message:
      'The GPU kernels of {operation} are missing: {path}. Build them with npm run build:kernels, or install the package, which ships them.',
    status: 503,
    retryable: false,
    exitCode: 1,
  },
  ERR_TENSORFLOW: {
    message: 'TensorFlow.js cannot be used: {problem}. {advice}',
    status: 503,
    retryable: false,
    exitCode: 1,
  },
  ERR_BACKEND_WRONG: {
    message:
      'Backend {backend} gave wrong answers to {problem} in the check before its first use, so it is not used. Please report it with the output of assayer devices; other backends do the same work.',
    status: 503,
    retryable: false,
    exitCode: 1,
  },
  ERR_BACKEND_LOST: {
    message: 'Backend {backend} lost its device to an earlier failure. Start the process again to use it.',
    status: 503,
    retryable: false,
    exitCode: 1,
  },
  ERR_OUT_OF_MEMORY: {
    message:
      'Not enough memory for {purpose}: {sizeBytes} bytes were asked for. Free memory, or use less at once.',
    status: 503,
    retryable: true,
    exitCode: 1,
  },
  ERR_CHEMISTRY: {
    message: 'The chemistry toolkit failed: {problem}.',
    status: 500,
    retryable: true,
    exitCode: 1,
  },
  ERR_CANCELLED: {
    message: 'Cancelled. Nothing was left under the final name.',
    status: 499,
    retryable: true,
    exitCode: 130,
  },
  ERR_INTERNAL: {
    message: 'Assayer failed: {problem}. This is a defect; please report it with the command you ran.',
    status: 500,
    retryable: false,
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

type Places<T extends string> = T extends `${string}{${infer P}}${infer Rest}` ? P | Places<Rest> : never;

/** The values an error of this code must be given: one for each `{place}` of its message. */
export type ErrorDetails<C extends ErrorCode> = Record<
  Places<(typeof ERRORS)[C]['message']>,
  string | number
>;

/** Every failure that Assayer foresees. `code` is stable; `details` holds what the message was made from. */
export class AssayerError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'AssayerError';
  readonly code: C;
  readonly details: Readonly<Record<string, string | number>>;

  constructor(code: C, details: ErrorDetails<C>, options?: { cause?: unknown }) {
    const values = details as Record<string, string | number>;
    super(
      ERRORS[code].message.replace(/\{(\w+)\}/g, (_, place: string) => String(values[place])),
      options,
    );
    this.code = code;
    this.details = values;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  get exitCode(): 1 | 2 | 130 {
    return ERRORS[this.code].exitCode;
  }
}

/** The one-line text of anything thrown, for use inside another message. */
export function describeCause(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.trim().replace(/\s+/g, ' ').replace(/\.$/, '') || 'no message';
}
