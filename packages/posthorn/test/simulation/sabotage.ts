/** Ways to break the product on purpose, to see that the simulation sees it. Each stands between two of its parts. */
import type { PassingTime } from "../../src/lib/clock.ts";
import type { LanePolicy } from "../../src/dispatch/policy.ts";
import type {
  Attempter,
  AttemptResult,
  Clock,
  DispatchLimits,
  JobStore,
  LaneOwners,
} from "../../src/dispatch/types.ts";
import type { DispatchHints } from "../../src/domain/ports.ts";
import type { Directory } from "../../src/domain/directory.ts";
import type { DatabaseThread } from "../../src/store/sqlite/protocol.ts";
import type { Lease } from "../../src/store/cluster.ts";
import type { Coordination } from "./cluster/coordination.ts";
import type { Random } from "./random.ts";
import type { Scenario } from "./scenarios.ts";
import type { Rule } from "./verdict.ts";

export interface NamedSabotage extends Sabotage {
  readonly name: string;
  /** The rule that it breaks, in some seed or other. */
  readonly breaks: Rule;
  /** Rules that may show it in other seeds. */
  readonly orShows?: readonly Rule[];
  /** It shows where nodes share the database, and there alone. */
  readonly shared?: true;
  /** Scenario in which it shows; absent: random weeks. */
  readonly scenario?: Scenario;
}

export interface Sabotage {
  /** A part from within, until the week is over. */
  inside?(): Disposable;
  /** The writer of the database. */
  thread?(thread: DatabaseThread, random: Random): DatabaseThread;
  /** What reads beside the writer. */
  reader?(thread: DatabaseThread): DatabaseThread;
  /** The store as the dispatcher sees it. */
  jobs?(store: JobStore, random: Random): JobStore;
  /** What the dispatcher hears of an attempt, after the books have heard it. */
  heard?(result: AttemptResult): AttemptResult;
  attempter?(attempter: Attempter, random: Random): Attempter;
  /** The clock of the dispatcher. */
  clock?(clock: Clock, random: Random): Clock;
  /** What the dispatcher is told. */
  hints?(dispatcher: DispatchHints, random: Random): DispatchHints;
  directory?(directory: Directory): void;
  limits?(limits: DispatchLimits): DispatchLimits;
  /** The policy of a lane, as the dispatcher hears of it. */
  policy?(policy: LanePolicy): LanePolicy;
  /** Whether an outcome under a lease is recorded, whatever the database says. */
  readonly holds?: (lease: Lease) => boolean;
  /** What the database decides about nodes. */
  coordination?(coordination: Coordination): void;
  /** The time by which a node judges its leases, and sees to its part in the work. */
  time?(time: PassingTime): PassingTime;
  /** Which lanes the dispatcher takes for its own. */
  owners?(owners: LaneOwners): LaneOwners;
  /** What nodes tell each other; `null`: it gets lost. */
  told?(payload: string): string | null;
}

/** Another method in place of one, until the result is disposed of. */
export function replaced<T extends object, Name extends keyof T>(type: T, name: Name, method: T[Name]): Disposable {
  const own = type[name];
  type[name] = method;
  return {
    [Symbol.dispose]: () => {
      type[name] = own;
    },
  };
}
