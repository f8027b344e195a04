import { describe, expect, it } from 'vitest';
import { RecentLists } from '../../../src/host/iptables/recent-lists.ts';
import { fakeFiles } from './fake-host.ts';

const ARMED = '/proc/net/xt_recent/nodelocaldns-armed4';
const LIVE = '/proc/net/xt_recent/nodelocaldns-live4';
const LIVE6 = '/proc/net/xt_recent/nodelocaldns-live6';
const NOW = 4_300_800_853;

const entry = (address: string, seen: number): string =>
  `src=${address} ttl: 0 last_seen: ${seen} oldest_pkt: 1 ${seen}\n`;

/** A kernel whose clock stands, as far as marks tell. */
const liveWith = (ages: Readonly<Record<string, number>>, seconds = 1): Promise<string[]> => {
  const lines = Object.entries(ages).map(([address, age]) => entry(address, NOW - age));
  return new RecentLists(fakeFiles({ [LIVE]: entry('0.0.0.0', NOW) + lines.join('') }), seconds).live(4);
};

describe('the lists of the match recent', () => {
  it('arm by putting `live` before `armed`, and disarm in the other order', async () => {
    const files = fakeFiles({ [ARMED]: '', [LIVE]: '' });
    const lists = new RecentLists(files, 1);
    expect(await lists.put(['10.96.0.10'])).toBe(true);
    expect(await lists.take(['10.96.0.10'])).toBe(true);
    expect(files.written).toEqual([
      `+10.96.0.10 > ${LIVE}`,
      `+10.96.0.10 > ${ARMED}`,
      `-10.96.0.10 > ${ARMED}`,
      `-10.96.0.10 > ${LIVE}`,
    ]);
  });

  it('say when they do not stand', async () => {
    expect(await new RecentLists(fakeFiles({}), 1).put(['10.96.0.10'])).toBe(false);
  });

  it('hold what is armed, without ages', async () => {
    const files = fakeFiles({ [ARMED]: entry('10.96.0.10', 1) + entry('169.254.20.10', NOW) });
    expect(await new RecentLists(files, 1).armed(4)).toEqual(['10.96.0.10', '169.254.20.10']);
  });

  it('give IPv6 addresses as they are usually written', async () => {
    const files = fakeFiles({
      [LIVE6]:
        entry('0000:0000:0000:0000:0000:0000:0000:0000', NOW) +
        entry('fd00:0010:0096:0000:0000:0000:0000:000a', NOW),
    });
    expect(await new RecentLists(files, 1).live(6)).toEqual(['fd00:10:96::a']);
  });

  it('are live by age: surely within the fewest jiffies of a lease, surely not beyond the most', async () => {
    expect(await liveWith({ '10.0.0.1': 100, '10.0.0.2': 1001, '10.0.0.3': -1 })).toEqual([
      '10.0.0.1',
      '10.0.0.3',
    ]);
    expect(await liveWith({ '10.0.0.1': 300, '10.0.0.2': 3001 }, 3)).toEqual(['10.0.0.1']);
  });

  it('write no mark where nothing can be live', async () => {
    const files = fakeFiles({ [LIVE]: entry('0.0.0.0', NOW) });
    expect(await new RecentLists(files, 1).live(4)).toEqual([]);
    expect(files.written).toEqual([]);
  });

  it('measure the jiffies of a second where an age leaves it open', async () => {
    const begin = performance.now();
    const files = fakeFiles({ [LIVE]: '' });
    const ticking = (rate: number): RecentLists =>
      new RecentLists(
        {
          ...files,
          read: async () => {
            const now = NOW + Math.round(((performance.now() - begin) * rate) / 1000);
            return entry('0.0.0.0', now) + entry('10.0.0.1', now - 260);
          },
        },
        1,
      );
    expect(await ticking(250).live(4)).toEqual([]);
    expect(await ticking(300).live(4)).toEqual(['10.0.0.1']);
  });

  it.each<{ name: string; contents: Record<string, string>; most: number }>([
    {
      name: 'the kernel says',
      contents: { '/sys/module/xt_recent/parameters/ip_list_tot': '20\n' },
      most: 19,
    },
    { name: 'nothing says', contents: {}, most: 99 },
  ])('hold one entry less than $name, for the mark', async ({ contents, most }) => {
    expect(await new RecentLists(fakeFiles(contents), 1).capacity()).toBe(most);
  });
});
