import { recordHash, type StoredRecord } from '../core/registry-records.ts';
import type { Sql } from './sql.ts';
import { type ChainHead, streamRecords } from './stored-records.ts';
import type { ChainProblem } from './verify-chain.ts';

/** A row of the table of records, without its body. */
interface Row {
  /** The number it carries now. */
  readonly stands: number;
  readonly hash: string;
  readonly previous: string | null;
  /** The place that it was appended at; null where its content fits no place, and so was altered. */
  place: number | null;
}

/** How many records may be taken out together, and the gap closed, for those behind it to be recognized. */
const REACH = 1000;

/**
 * Names every record that is wrong in a chain that is not whole. A record's number is part of what is hashed, so a record
 * that was moved still tells its old place; a record whose hash the one after it does not name was rewritten or inserted.
 */
export async function diagnoseChain(sql: Sql, head: ChainHead): Promise<ChainProblem[]> {
  const rows = await findPlaces(sql, head);
  const end = rows.find((row) => row.hash === head.hash)?.place ?? head.sequence;
  const claims = Map.groupBy(rows, (row) => row.place ?? placeByLinks(row, rows, head));
  const problems: ChainProblem[] = [];
  const genuine = new Map<number, Row>();
  for (const place of [...claims.keys()].filter((claimed) => claimed > end)) {
    for (const row of claims.get(place) ?? []) problems.push(inserted(row));
    claims.delete(place);
  }
  // From the end backwards: a record that is what it was says which one stood before it.
  let expected: string | null | undefined = head.hash;
  for (let place = end; place >= 1; place--) {
    const candidates = claims.get(place) ?? [];
    const own = candidates.find(({ hash }) => hash === expected) ?? candidates[0];
    for (const other of candidates) if (other !== own) problems.push(inserted(other));
    if (own) genuine.set(place, own);
    const altered: boolean =
      own !== undefined && (own.place === null || (expected !== undefined && own.hash !== expected));
    if (altered) problems.push(alteredAt(place, own));
    expected = own === undefined || altered ? undefined : own.previous;
  }
  problems.push(...missingPlaces(genuine, end));
  problems.push(...movedRows(genuine, problems, end));
  return problems.sort((a, b) => a.sequence - b.sequence);
}

/** Reads every row and finds, for those whose content does not fit the number they carry, the number that it fits. */
async function findPlaces(sql: Sql, head: ChainHead): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of streamRecords(sql)) {
    for (const record of batch) {
      const { sequence: stands, hash, previous } = record;
      rows.push({ stands, hash, previous, place: recordHash(record) === hash ? stands : null });
    }
  }
  const byHash = new Map(rows.map((row) => [row.hash, row]));
  const byPrevious = new Map(rows.map((row) => [row.previous, row]));
  let i = 0;
  let shift = 0;
  for await (const batch of streamRecords(sql)) {
    for (const record of batch) {
      const row = rows[i];
      const linked = row.previous === (rows[i - 1]?.hash ?? null);
      i++;
      if (row.place !== null) continue;
      const before = row.previous === null ? 0 : placeNow(byHash.get(row.previous));
      const after = row.hash === head.hash ? head.sequence + 1 : placeNow(byPrevious.get(row.hash));
      const likely = [row.stands + shift, before + 1, after - 1];
      row.place = placeOf(record, linked ? likely : [...likely, ...around(row.stands)]);
      if (row.place !== null) shift = row.place - row.stands;
    }
  }
  return rows;
}

function placeNow(row: Row | undefined): number {
  return row?.place ?? row?.stands ?? Number.NaN;
}

function around(place: number): number[] {
  return Array.from({ length: REACH }, (_, i) => [place + i + 1, place - i - 1]).flat();
}

function placeOf(record: StoredRecord, candidates: readonly number[]): number | null {
  const fits = (sequence: number) =>
    Number.isInteger(sequence) && recordHash({ ...record, sequence }) === record.hash;
  return candidates.find(fits) ?? null;
}

/** Of an altered record: where the records around it say that its hash belongs, or else where it stands. */
function placeByLinks(row: Row, rows: readonly Row[], head: ChainHead): number {
  if (row.hash === head.hash) return head.sequence;
  const after = rows.find((other) => other.previous === row.hash && other.place !== null);
  return after?.place ? after.place - 1 : row.stands;
}

function inserted({ stands }: Row): ChainProblem {
  const inWords = `the record that stands at ${stands} was inserted: no record follows it in the chain`;
  return { sequence: stands, kind: 'inserted', inWords };
}

function alteredAt(sequence: number, { place }: Row): ChainProblem {
  const inWords =
    place === null
      ? `record ${sequence} was altered: its content does not have its hash`
      : `record ${sequence} was rewritten: what follows it names another hash`;
  return { sequence, kind: 'altered', inWords };
}

function missingPlaces(genuine: ReadonlyMap<number, Row>, end: number): ChainProblem[] {
  const problems: ChainProblem[] = [];
  for (let from = 1; from <= end; from++) {
    if (genuine.has(from)) continue;
    let to = from;
    while (to < end && !genuine.has(to + 1)) to++;
    const inWords = from === to ? `record ${from} is missing` : `records ${from} to ${to} are missing`;
    problems.push({ sequence: from, kind: 'missing', inWords });
    from = to;
  }
  return problems;
}

/** Records that carry another number than theirs, but for those that were only renumbered after a gap or an insertion. */
function movedRows(
  genuine: ReadonlyMap<number, Row>,
  problems: readonly ChainProblem[],
  end: number,
): ChainProblem[] {
  const insertions = problems.filter(({ kind }) => kind === 'inserted').map(({ sequence }) => sequence);
  const moved: ChainProblem[] = [];
  let missing = 0;
  for (let place = 1; place <= end; place++) {
    const row = genuine.get(place);
    if (!row) {
      missing++;
      continue;
    }
    if (row.stands === place) continue;
    const before = insertions.filter((insertion) => insertion < row.stands).length;
    if (row.stands - place === before - missing) continue;
    const inWords = `record ${place} was moved: it stands at ${row.stands}`;
    moved.push({ sequence: place, kind: 'moved', inWords });
  }
  return moved;
}
