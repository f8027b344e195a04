/** One question to a server on loopback, over UDP: whether it serves, and whether what it says is true. */
import { createSocket } from 'node:dgram';
import { askMessage } from '../../src/wire/ask-message.ts';
import { HEADER_OCTETS, SECTION_ANSWER, readCount, readFlags, rcodeOf } from '../../src/wire/header.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { CLASS_IN, rcodeName } from '../../src/wire/registry.ts';
import { truthOf } from './bench-zone.ts';
import { TYPE_CODES } from './loads.ts';
import type { Question } from './loads.ts';

const ANSWER_MS = 1_000;

/** What came back: undefined when nothing did within a second. */
export function ask({ name, type }: Question, port: number): Promise<Uint8Array | undefined> {
  const question = { name: nameFromText(name), type: TYPE_CODES[type], class: CLASS_IN };
  const message = askMessage(question, {
    recursionDesired: true,
    checkingDisabled: false,
    dnssecOk: false,
    edns: true,
  });
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const finish = (answer: Uint8Array | undefined): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(undefined), ANSWER_MS);
    socket.once('message', finish);
    socket.once('error', () => finish(undefined));
    // Connected, so that a port that nobody listens on is an error at once.
    socket.connect(port, '127.0.0.1', () => socket.send(message));
  });
}

/** What is wrong with an answer, or undefined when it is as `bench-zone.ts` says. */
export function judge({ name, type }: Question, answer: Uint8Array | undefined): string | undefined {
  const question = `${name} ${type}`;
  if (answer === undefined || answer.length < HEADER_OCTETS) return `${question} is not answered`;
  const { rcode, addresses } = truthOf(name, TYPE_CODES[type]);
  const [said, count] = [rcodeOf(readFlags(answer)), readCount(answer, SECTION_ANSWER)];
  if (said === rcode && count === addresses.length) return undefined;
  return `${question} is answered with ${rcodeName(said)} and ${count} records instead of ${rcodeName(rcode)} and ${addresses.length}`;
}
