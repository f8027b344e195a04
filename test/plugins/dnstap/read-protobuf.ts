/** Reads what Protocol Buffers' wire format says without knowing what it means: enough to look at messages that a test has made. */

export type FieldValue = number | Buffer;

/** Fields by their number; of one that comes twice, the last. @throws {Error} for anything but varints, octets and 32 bits */
export function readFields(octets: Buffer): Map<number, FieldValue> {
  const fields = new Map<number, FieldValue>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const octet = octets.readUInt8(at++);
      value += (octet & 0x7f) * factor;
      if (octet < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => octets.subarray(at, (at += length));
  while (at < octets.length) {
    const key = varint();
    const kind = key & 7;
    if (kind !== 0 && kind !== 2 && kind !== 5) throw new Error(`a field of kind ${kind}`);
    const value = kind === 0 ? varint() : take(kind === 5 ? 4 : varint());
    fields.set(key >> 3, kind === 5 && typeof value !== 'number' ? value.readUInt32LE() : value);
  }
  return fields;
}

/** The octets of a field. @throws {Error} where there are none */
export function octetsOf(fields: ReadonlyMap<number, FieldValue>, field: number): Buffer {
  const value = fields.get(field);
  if (value === undefined || typeof value === 'number') throw new Error(`no octets in field ${field}`);
  return value;
}
