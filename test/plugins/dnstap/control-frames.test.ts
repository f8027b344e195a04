/** Octets are worked out by hand from `fstrm/control.h`. */
import { describe, expect, it } from 'vitest';
import {
  CONTENT_TYPE,
  CONTROL_ACCEPT,
  CONTROL_FINISH,
  CONTROL_READY,
  CONTROL_START,
  CONTROL_STOP,
  ControlReader,
  controlFrame,
} from '../../../src/plugins/dnstap/control-frames.ts';

/** "protobuf:dnstap.Dnstap", 22 octets. */
const TYPE_HEX = '70726f746f6275663a646e737461702e446e73746170';
const WITH_TYPE = `00000001 00000016 ${TYPE_HEX}`;

const octets = (...hex: string[]): Buffer => Buffer.from(hex.join('').replaceAll(' ', ''), 'hex');

const ACCEPT = octets('00000000 00000022 00000001', WITH_TYPE);
const FINISH = octets('00000000 00000004 00000005');

describe('a control frame', () => {
  it.each([
    ['READY', controlFrame(CONTROL_READY, CONTENT_TYPE), `00000000 00000022 00000004 ${WITH_TYPE}`],
    ['START', controlFrame(CONTROL_START, CONTENT_TYPE), `00000000 00000022 00000002 ${WITH_TYPE}`],
    ['STOP', controlFrame(CONTROL_STOP), '00000000 00000004 00000003'],
  ])('is laid out: %s', (_name, frame, hex) => {
    expect(frame.toString('hex')).toBe(octets(hex).toString('hex'));
  });
});

describe('the reader of control frames', () => {
  it('reads what names one type, several, or none', () => {
    const several = octets(
      '00000000 0000002f 00000001 00000001 00000005',
      Buffer.from('other').toString('hex'),
      WITH_TYPE,
    );
    const none = octets('00000000 00000004 00000001');
    expect(new ControlReader().feed(Buffer.concat([ACCEPT, several, none, FINISH]))).toEqual([
      { type: CONTROL_ACCEPT, contentTypes: [CONTENT_TYPE] },
      { type: CONTROL_ACCEPT, contentTypes: ['other', CONTENT_TYPE] },
      { type: CONTROL_ACCEPT, contentTypes: [] },
      { type: CONTROL_FINISH, contentTypes: [] },
    ]);
  });

  it('takes frames in any pieces', () => {
    const whole = Buffer.concat([ACCEPT, FINISH]);
    for (let cut = 0; cut <= whole.length; cut++) {
      const reader = new ControlReader();
      const frames = [reader.feed(whole.subarray(0, cut)), reader.feed(whole.subarray(cut))].flat();
      expect(frames.map((frame) => frame?.type)).toEqual([CONTROL_ACCEPT, CONTROL_FINISH]);
    }
  });

  it.each([
    ['a data frame', '00000004 00000000'],
    ['a frame without a type', '00000000 00000003 000000'],
    ['a frame longer than any is', '00000000 00000201'],
    ['a field that is cut off', '00000000 00000008 00000001 00000001'],
    ['a field that goes on behind the frame', '00000000 0000000d 00000001 00000001 00000002 61'],
    ['a field of another kind', '00000000 0000000c 00000001 00000002 00000000'],
    ['something else altogether', '485454502f312e31'],
  ])('gives up at %s', (_name, hex) => {
    expect(new ControlReader().feed(octets(hex))).toBeUndefined();
  });

  it('takes the longest frame that there is', () => {
    const content = '61'.repeat(500);
    expect(
      new ControlReader().feed(octets('00000000 00000200 00000001 00000001 000001f4', content)),
    ).toHaveLength(1);
  });
});
