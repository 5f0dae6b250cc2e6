import type { ExportedRows } from './fingerprint-export.ts';
import { packedBytes, paddedBytes } from './fingerprint-rows.ts';
import type { ByteSink } from './hashed-file.ts';

/**
 * Writes chemfp's FPS: a header, then `hexadecimal TAB id` a line.
 * @throws Error where an id holds what the format has no place for
 */
export async function writeFps(
  sink: ByteSink,
  { bits, type, software, batches }: Omit<ExportedRows, 'rows'>,
): Promise<void> {
  const [width, rowBytes] = [packedBytes(bits), paddedBytes(bits)];
  const head = [
    '#FPS1',
    `#num_bits=${bits}`,
    ...(type === null ? [] : [`#type=${type}`]),
    `#software=${software}`,
  ];
  await sink.write(Buffer.from(`${head.join('\n')}\n`));
  for await (const { count, ids, fingerprints } of batches()) {
    const bytes = Buffer.from(fingerprints.buffer, fingerprints.byteOffset, fingerprints.byteLength);
    const lines: string[] = [];
    for (let i = 0; i < count; i++) {
      requirePlain(ids[i], /[\t\r\n]/, 'FPS');
      lines.push(`${bytes.toString('hex', i * rowBytes, i * rowBytes + width)}\t${ids[i]}\n`);
    }
    await sink.write(Buffer.from(lines.join('')));
  }
}

/** @throws Error where an id would not be read again as it is */
export function requirePlain(id: string, forbidden: RegExp, format: string): void {
  if (id === '' || forbidden.test(id)) {
    throw new Error(`${format} has no place for the id ${JSON.stringify(id)}; write Parquet instead`);
  }
}
