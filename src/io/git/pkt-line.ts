/** The frame of Git's wire protocol: four hex digits of length, these included, then the payload. */
export function pktLine(payload: string): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes]);
}

export const FLUSH = Buffer.from('0000');

/** Payloads up to the end; a flush is null. Null as a whole when the frames do not add up. */
export function parsePktLines(bytes: Buffer): (Buffer | null)[] | null {
  const lines: (Buffer | null)[] = [];
  for (let at = 0; at < bytes.length; ) {
    const digits = bytes.toString('latin1', at, at + 4);
    const length = /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : -1;
    if (length < 0 || (length > 0 && length < 4) || at + length > bytes.length) return null;
    lines.push(length === 0 ? null : bytes.subarray(at + 4, at + length));
    at += Math.max(length, 4);
  }
  return lines;
}
