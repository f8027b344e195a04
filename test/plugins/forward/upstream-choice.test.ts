/** Which upstream is asked first when one has failed lately, and who is asked beside one that is slow. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Forwarding, failing } from './fake-upstream.ts';
import type { FakeUpstream } from './fake-upstream.ts';

const FOUND = { answers: ['@ 60 IN A 192.0.2.99'] };

const trouble = (upstream: FakeUpstream): void => {
  upstream.isTroubled = () => true;
};

describe('an upstream that failed lately', () => {
  it('is asked after those that did not', async () => {
    const line = new Forwarding('', 3);
    for (const upstream of line.upstreams) upstream.script = () => FOUND;
    trouble(line.upstreams[0]);
    await line.ask();
    expect(line.counts).toEqual([0, 1, 0]);
  });

  it('is asked all the same when the others fail', async () => {
    const line = new Forwarding('', 3);
    line.upstreams[0].script = () => FOUND;
    for (const upstream of line.upstreams.slice(1)) upstream.script = () => failing();
    trouble(line.upstreams[0]);
    expect(await line.ask()).toMatchObject({ rcode: 0 });
    expect(line.counts).toEqual([1, 1, 1]);
  });

  it('is asked in its turn where all have failed', async () => {
    const line = new Forwarding('', 2);
    line.upstreams.forEach(trouble);
    await line.ask();
    expect(line.counts).toEqual([1, 0]);
  });
});

it('the health of an upstream that has had enough questions is not looked at', async () => {
  const line = new Forwarding('', 2);
  line.upstreams[0].script = () => failing('busy');
  line.upstreams[1].script = () => FOUND;
  await line.ask();
  expect(line.upstreams.map(({ probes }) => probes)).toEqual([0, 0]);
});

describe('with hedge', () => {
  it('a slow upstream that fails in the end has its health looked at, though another one answered', async () => {
    const line = new Forwarding('hedge', 2);
    const slow = Promise.withResolvers<Error>();
    line.upstreams[0].script = () => slow.promise;
    line.upstreams[1].script = () => FOUND;
    const answer = line.ask();
    expect(await answer).toMatchObject({ rcode: 0 });
    expect(line.upstreams.map(({ probes }) => probes)).toEqual([0, 0]);
    slow.resolve(failing());
    await delay(0);
    expect(line.upstreams.map(({ probes }) => probes)).toEqual([1, 0]);
  });

  it('nothing is asked beside the only upstream, nor beside the last one that is up', async () => {
    for (const count of [1, 2]) {
      const line = new Forwarding('hedge\n max_fails 1', count);
      line.upstreams[0].script = () => delay(120, FOUND);
      const [, second] = line.upstreams;
      if (second !== undefined) second.isDown = true;
      expect(await line.ask()).toMatchObject({ rcode: 0 });
      expect(line.counts.slice(1)).toEqual(count === 1 ? [] : [0]);
    }
  });
});
