// What clients saw of a unit that is reached by a name.

export interface PlaceSeen {
  /** How often each response came: the address that answered, or a status and what it said. */
  readonly counts: Readonly<Record<string, number>>;
  readonly ms?: number;
}

export interface Seen {
  readonly native: PlaceSeen;
  readonly tail: PlaceSeen;
  readonly side: PlaceSeen;
}

export interface Observed {
  readonly bothFamilies: Seen;
  readonly largeBodies: Seen;
  /** gRPC statuses. */
  readonly overGrpc: PlaceSeen;
  readonly ready: PlaceSeen;
  readonly onlyV6Listens: Seen;
  readonly oneOfTwoDead: Seen;
  readonly twoAlive: Seen;
  readonly outages: Readonly<Record<'nxdomain' | 'servfail' | 'silent' | 'empty', Seen>>;
  readonly moved: Seen;
  readonly oldOneGone: Seen;
}
