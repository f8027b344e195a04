/**
 * Control frames of Frame Streams, the protocol that carries dnstap (https://farsightsec.github.io/fstrm/, `fstrm/control.h`): lengths and types
 * in 32 bits, the highest octet first, behind an escape of four zeros, which is a data frame's length that no data frame has.
 *
 *     sender ── READY (what I can send) ──► reader       when the connection stands
 *            ◄─ ACCEPT (what I take) ──────
 *            ── START (what comes) ────────►
 *            ── data frames … ─────────────►
 *            ── STOP ──────────────────────►
 *            ◄─ FINISH ────────────────────
 */

export const CONTROL_ACCEPT = 0x01;
export const CONTROL_START = 0x02;
export const CONTROL_STOP = 0x03;
export const CONTROL_READY = 0x04;
export const CONTROL_FINISH = 0x05;

export const CONTENT_TYPE = 'protobuf:dnstap.Dnstap';

const FIELD_CONTENT_TYPE = 0x01;
const ESCAPE = 0;
const WORD_OCTETS = 4;
/** The longest control frame without escape and length (`FSTRM_CONTROL_FRAME_LENGTH_MAX`). */
const MAX_CONTROL_OCTETS = 512;

export interface ControlFrame {
  readonly type: number;
  /** What the frame's fields name; none means that anything will do. */
  readonly contentTypes: readonly string[];
}

/** A whole frame with its escape and length. */
export function controlFrame(type: number, contentType?: string): Buffer {
  const content = contentType === undefined ? Buffer.alloc(0) : Buffer.from(contentType);
  const field = contentType === undefined ? [] : [word(FIELD_CONTENT_TYPE), word(content.length), content];
  const body = Buffer.concat([word(type), ...field]);
  return Buffer.concat([word(ESCAPE), word(body.length), body]);
}

/** What comes from the reader of a stream: control frames, and nothing else. */
export class ControlReader {
  private rest = Buffer.alloc(0);

  /**
   * Takes what has come, in any pieces.
   * @returns the frames that are complete with it; undefined when this is no Frame Streams reader, which is to be fed no more
   */
  feed(octets: Uint8Array): ControlFrame[] | undefined {
    this.rest = Buffer.concat([this.rest, octets]);
    const frames: ControlFrame[] = [];
    while (this.rest.length >= 2 * WORD_OCTETS) {
      const length = this.rest.readUInt32BE(WORD_OCTETS);
      const isControl = this.rest.readUInt32BE(0) === ESCAPE;
      if (!isControl || length < WORD_OCTETS || length > MAX_CONTROL_OCTETS) return undefined;
      const end = 2 * WORD_OCTETS + length;
      if (this.rest.length < end) break;
      const frame = parse(this.rest.subarray(2 * WORD_OCTETS, end));
      if (frame === undefined) return undefined;
      frames.push(frame);
      this.rest = this.rest.subarray(end);
    }
    return frames;
  }
}

function parse(body: Buffer): ControlFrame | undefined {
  const contentTypes: string[] = [];
  let at = WORD_OCTETS;
  while (at < body.length) {
    if (body.length - at < 2 * WORD_OCTETS) return undefined;
    const field = body.readUInt32BE(at);
    const start = at + 2 * WORD_OCTETS;
    const end = start + body.readUInt32BE(at + WORD_OCTETS);
    if (field !== FIELD_CONTENT_TYPE || end > body.length) return undefined;
    contentTypes.push(body.toString('latin1', start, end));
    at = end;
  }
  return { type: body.readUInt32BE(0), contentTypes };
}

function word(value: number): Buffer {
  const octets = Buffer.alloc(WORD_OCTETS);
  octets.writeUInt32BE(value);
  return octets;
}
