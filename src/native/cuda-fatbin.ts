const MAGIC = 0xba55ed50;
const PTX = 1;
/** Set in an entry's flags for code of one architecture only, as sm_90a. */
const ONE_ARCHITECTURE = 0x100000;

/**
 * Which architectures a fatbin holds code for, as in "sm_80, sm_90a and PTX of compute_120".
 *
 *     header   uint32 magic, uint16 version, uint16 header bytes, uint64 bytes of all entries
 *     entry    uint16 kind (1 PTX, 2 machine code), uint16 version, uint32 header bytes, uint64 bytes after the header,
 *              at 28 uint32 architecture, at 40 uint32 flags
 *
 * @source the files that nvcc 13.0 writes: the format is not documented
 */
export function describeFatbin(image: Uint8Array): string {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  if (image.length < 16 || view.getUint32(0, true) !== MAGIC) return 'nothing that can be read';
  const found = new Set<string>();
  for (let at = view.getUint16(6, true); at + 44 <= image.length; ) {
    const architecture = view.getUint32(at + 28, true);
    const suffix = view.getUint32(at + 40, true) & ONE_ARCHITECTURE ? 'a' : '';
    const kind = view.getUint16(at, true) === PTX ? 'PTX of compute_' : 'sm_';
    found.add(`${kind}${architecture}${suffix}`);
    at += view.getUint32(at + 4, true) + Number(view.getBigUint64(at + 8, true));
  }
  return [...found].join(', ').replace(/, ([^,]*)$/, ' and $1') || 'nothing';
}
