/** Of the constant `byte_bits`, uint8 [256, 8], as a model file of ours holds it: shape, element type, length, name. */
const SHAPE = Buffer.from('088002' + '0808', 'hex');
const TYPE_FIELD = 0x10;
const UINT8 = 2;
const INT8 = 3;
const LENGTH = Buffer.from('4a8010', 'hex');
const BITS = Buffer.from(Uint8Array.from({ length: 256 * 8 }, (_, at) => ((at >> 3) >> (at & 7)) & 1));
const NAME = Buffer.from('\x42\x09byte_bits', 'latin1');

/**
 * A model whose fingerprint bits are int8 instead of uint8. Bits are 0 and 1, so nothing else changes; but CUDA's provider
 * multiplies only int8 by int8 (MatMulInteger), and would leave the largest product to the processor.
 * @returns the same bytes but for one, or the model itself when it holds no such constant
 */
export function withSignedBits(model: Uint8Array): Uint8Array {
  const constant = Buffer.concat([SHAPE, Buffer.of(TYPE_FIELD, UINT8), LENGTH, BITS, NAME]);
  const at = Buffer.from(model.buffer, model.byteOffset, model.byteLength).indexOf(constant);
  if (at < 0) return model;
  const signed = Uint8Array.from(model);
  signed[at + SHAPE.length + 1] = INT8;
  return signed;
}
