/** Ways to break the product on purpose, to prove that the simulation detects it. Each is inserted between two parts of the product. */
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
import type { Lease } from "../../src/store/delivery.ts";
import type { Coordination } from "./cluster/coordination.ts";
import type { Random } from "./random.ts";
import type { Scenario } from "./scenarios.ts";
import type { Rule } from "./verdict.ts";

export interface NamedSabotage extends Sabotage {
  readonly name: string;
  /** The rule that it breaks in at least one of the seeds. */
  readonly breaks: Rule;
  /** Rules that it may break in other seeds. */
  readonly orShows?: readonly Rule[];
  /** It is only detected where nodes share the database. */
  readonly shared?: true;
  /** It is only detected where the nodes are threads of one process. */
  readonly threads?: true;
  /** Scenario in which it is detected; absent: random weeks. */
  readonly scenario?: Scenario;
}

export interface Sabotage {
  /** Replaces a method inside a part, until the week is over. */
  inside?(): Disposable;
  /** The writer of the database. */
  thread?(thread: DatabaseThread, random: Random): DatabaseThread;
  /** The readers, in addition to the writer. */
  reader?(thread: DatabaseThread): DatabaseThread;
  /** The store as the dispatcher sees it. */
  jobs?(store: JobStore, random: Random): JobStore;
  /** The result of an attempt as the dispatcher receives it, after it was entered in the ledger. */
  attemptResult?(result: AttemptResult): AttemptResult;
  attempter?(attempter: Attempter, random: Random): Attempter;
  /** The clock of the dispatcher. */
  clock?(clock: Clock, random: Random): Clock;
  /** The calls that the dispatcher receives. */
  hints?(dispatcher: DispatchHints, random: Random): DispatchHints;
  directory?(directory: Directory): void;
  limits?(limits: DispatchLimits): DispatchLimits;
  /** The policy of a lane as the dispatcher receives it. */
  policy?(policy: LanePolicy): LanePolicy;
  /** Whether an outcome under a lease is recorded, whatever the database says. */
  readonly holds?: (lease: Lease) => boolean;
  /** Decisions of the database about nodes. */
  coordination?(coordination: Coordination): void;
  /** The time by which a node checks its leases and does its regular work. */
  time?(time: PassingTime): PassingTime;
  /** Which lanes the dispatcher considers its own. */
  owners?(owners: LaneOwners): LaneOwners;
  /** Notifications between nodes; `null`: the notification is lost. */
  told?(payload: string): string | null;
}

/** Replaces a method until the result is disposed. */
export function replaced<T extends object, Name extends keyof T>(type: T, name: Name, method: T[Name]): Disposable {
  const own = type[name];
  type[name] = method;
  return {
    [Symbol.dispose]: () => {
      type[name] = own;
    },
  };
}
