/**
 * A line in which every client has a lane of its own. Lanes take turns, one place each, so whoever asks little is served after at most one
 * round however much others ask; within a lane the first in is the first out. The line is bounded as a whole: when it is full, the newest
 * place of the longest lane gives way to a client that has less. Every operation takes constant time, however many clients there are.
 *
 *     10.0.0.7   ▮▮▮▮▮▮▮▮▮▮▮▮  ◄─ the newest is pushed out
 *     10.0.0.9   ▮             ──► round by round, one of each
 *     10.0.0.12  ▮▮            (held: may not go now; its turn is not used up)
 *
 * Who may go, and when, is the gate's to say.
 */
import { KeyTable } from '../base/key-table.ts';
import { SlotLinks, SlotList } from '../base/slot-list.ts';
import type { ClientId } from './client-id.ts';

/** Whoever stands in the line, as the line sees it. */
export interface Standing {
  readonly client: ClientId;
  /** What it wants: another client may want the same. */
  readonly key: string;
}

interface Lane {
  readonly client: ClientId;
  readonly number: number;
  readonly places: SlotList;
  /** Whether it is passed over until it is released. */
  isHeld: boolean;
}

export class FairLine<Who extends Standing> {
  /** Places at most. */
  private readonly length: number;
  private readonly standing: (Who | undefined)[];
  private readonly laneOfPlace: (Lane | undefined)[];
  private readonly freePlaces: number[];
  private readonly freeLanes: number[];
  /** Places in the order of their arrival, and each lane's own. */
  private readonly arrivals: SlotList;
  private readonly placeLinks: SlotLinks;
  /** Lanes that may go, in the order of their turns; held ones have the same links. */
  private readonly ready: SlotList;
  private readonly held: SlotList;
  /** By length: the lanes that have it. */
  private readonly byLength: (SlotList | undefined)[] = [];
  private readonly lengthLinks: SlotLinks;
  private longestLength = 0;
  private readonly lanes = new KeyTable<ClientId, Lane>();
  private readonly laneNumbers: (Lane | undefined)[];
  private readonly wanted = new KeyTable<string, number>();

  /** @param length places at most */
  constructor(length: number) {
    this.length = length;
    this.standing = Array.from({ length });
    this.laneOfPlace = Array.from({ length });
    this.laneNumbers = Array.from({ length });
    this.freePlaces = Array.from({ length }, (_, index) => length - 1 - index);
    this.freeLanes = [...this.freePlaces];
    this.arrivals = new SlotList(new SlotLinks(length));
    this.placeLinks = new SlotLinks(length);
    const turnLinks = new SlotLinks(length);
    this.ready = new SlotList(turnLinks);
    this.held = new SlotList(turnLinks);
    this.lengthLinks = new SlotLinks(length);
  }

  /** Places that are taken. */
  get size(): number {
    return this.arrivals.size;
  }

  get isFull(): boolean {
    return this.size === this.length;
  }

  /** Whether somebody stands in a lane that is not held. */
  get isReady(): boolean {
    return this.ready.size > 0;
  }

  /** Whether this client has a lane. */
  has(client: ClientId): boolean {
    return this.lanes.has(client);
  }

  /** Places that this client has. */
  lengthOf(client: ClientId): number {
    return this.lanes.get(client)?.places.size ?? 0;
  }

  /** Who has stood for longest. */
  get oldest(): Who | undefined {
    return this.size === 0 ? undefined : this.standing[this.arrivals.first];
  }

  /** Puts somebody at the end of its client's lane. The line is not full. */
  push(who: Who): void {
    const place = this.freePlaces.pop();
    if (place === undefined) throw new Error('the line is full');
    this.standing[place] = who;
    this.arrivals.append(place);
    this.wanted.set(who.key, place);
    this.enter(place, this.laneFor(who.client));
  }

  /** Takes out who comes next of those whose client may go; lanes of others are held from then on. */
  shift(mayGo: (client: ClientId) => boolean): Who | undefined {
    while (this.ready.size > 0) {
      const lane = this.laneNumbers[this.ready.first];
      if (lane === undefined) break;
      this.ready.remove(lane.number);
      lane.isHeld = !mayGo(lane.client);
      (lane.isHeld ? this.held : this.ready).append(lane.number);
      if (!lane.isHeld) return this.leave(lane.places.first);
    }
    return undefined;
  }

  /** Takes out who has stood for longest. */
  shiftOldest(): Who | undefined {
    return this.size === 0 ? undefined : this.leave(this.arrivals.first);
  }

  /** Takes out the newest of the longest lane, unless this client would then have as many as that. */
  pushOutFor(client: ClientId): Who | undefined {
    const length = this.lengthOf(client);
    const longest = this.byLength[this.longestLength];
    if (longest === undefined || this.longestLength <= length + 1) return undefined;
    const lane = this.laneNumbers[longest.first];
    return lane === undefined ? undefined : this.leave(lane.places.last);
  }

  /** Whether the client's lane is held. */
  isHeld(client: ClientId): boolean {
    return this.held.size > 0 && this.lanes.get(client)?.isHeld === true;
  }

  /** Lets the client's lane, which is held, take its turns again. */
  release(client: ClientId): void {
    const lane = this.lanes.get(client);
    if (lane?.isHeld !== true) return;
    this.held.remove(lane.number);
    lane.isHeld = false;
    this.ready.append(lane.number);
  }

  releaseAll(): void {
    while (this.held.size > 0) {
      const lane = this.laneNumbers[this.held.first];
      if (lane === undefined) break;
      this.release(lane.client);
    }
  }

  /**
   * Another client wants what somebody in the line has asked for already, and shares that one's fate. It goes over to the lane of the other
   * where that is shorter: so a name that a flood has asked for is not slower for others than a name of their own.
   */
  alsoWanted(key: string, client: ClientId): void {
    const place = this.wanted.get(key);
    if (place === undefined) return;
    const former = this.laneOfPlace[place];
    const length = this.lengthOf(client);
    if (former === undefined || former.client === client || former.places.size <= length + 1) return;
    this.exit(place, former);
    this.enter(place, this.laneFor(client));
  }

  private laneFor(client: ClientId): Lane {
    const known = this.lanes.get(client);
    if (known !== undefined) return known;
    const number = this.freeLanes.pop();
    // Each lane has a place, so there are never more lanes than places.
    if (number === undefined) throw new Error('more lanes than places');
    const lane: Lane = { client, number, places: new SlotList(this.placeLinks), isHeld: false };
    this.lanes.set(client, lane);
    this.laneNumbers[number] = lane;
    this.ready.append(number);
    return lane;
  }

  private enter(place: number, lane: Lane): void {
    this.laneOfPlace[place] = lane;
    this.removeByLength(lane);
    lane.places.append(place);
    this.addByLength(lane);
  }

  private exit(place: number, lane: Lane): void {
    this.removeByLength(lane);
    lane.places.remove(place);
    this.addByLength(lane);
    if (lane.places.size > 0) return;
    (lane.isHeld ? this.held : this.ready).remove(lane.number);
    this.lanes.delete(lane.client);
    this.laneNumbers[lane.number] = undefined;
    this.freeLanes.push(lane.number);
  }

  private leave(place: number): Who | undefined {
    const who = this.standing[place];
    const lane = this.laneOfPlace[place];
    if (who === undefined || lane === undefined) return undefined;
    this.exit(place, lane);
    this.arrivals.remove(place);
    if (this.wanted.get(who.key) === place) this.wanted.delete(who.key);
    // Nothing of it is kept.
    this.standing[place] = undefined;
    this.laneOfPlace[place] = undefined;
    this.freePlaces.push(place);
    return who;
  }

  private removeByLength({ number, places }: Lane): void {
    if (places.size > 0) this.byLength[places.size]?.remove(number);
  }

  /** Lengths change by one, so the longest one is never far. */
  private addByLength({ number, places }: Lane): void {
    const { size } = places;
    if (size > 0) (this.byLength[size] ??= new SlotList(this.lengthLinks)).append(number);
    if (size > this.longestLength) this.longestLength = size;
    while (this.longestLength > 0 && (this.byLength[this.longestLength]?.size ?? 0) === 0)
      this.longestLength--;
  }
}
