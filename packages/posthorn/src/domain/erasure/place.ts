/** The plan of a place with payload data for one step of an erasure. */
import type { Services } from "../context.ts";
import type { Tx } from "../../store/tx.ts";
import type { ErasureCounts } from "./counts.ts";
import type { Subject } from "./subject.ts";

/** Position in a place, as JSON. */
export type PlacePosition = number | string | readonly (number | string)[];

export interface Search {
  readonly erasureKey: number;
  readonly orgId: number;
  /** Key of the application or source; `null`: the whole organisation. */
  readonly appKey: number | null;
  /** `null`: all. */
  readonly eventTypes: ReadonlySet<string> | null;
  readonly subject: Subject;
  /** Only counts. */
  readonly isDryRun: boolean;
}

export interface Planned {
  /** Where the next step continues; `null`: the place is done. */
  readonly next: PlacePosition | null;
  /** Number of rows examined, and in a dry run, found. */
  readonly counts: Partial<ErasureCounts>;
  /** Erases what was found, and returns how much that was; absent: nothing was found. */
  readonly erase?: (tx: Tx) => Promise<Partial<ErasureCounts>>;
}

export type Place = (services: Services, search: Search, after: PlacePosition | null) => Promise<Planned>;

export const NOTHING_LEFT: Planned = { next: null, counts: {} };
