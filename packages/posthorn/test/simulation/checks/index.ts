/** Registry of the checks, one for each group of rules. A new check is a file in this folder and a line here. */
import type { Check } from "../check.ts";
import type { Ledger } from "../ledger.ts";
import type { Machine } from "../machine.ts";
import type { MachineClock } from "../machine-clock.ts";
import type { SimulatedNode } from "../node.ts";
import type { Receiver } from "../receivers.ts";
import type { Ownership } from "../ownership.ts";
import type { Verdict } from "../verdict.ts";
import type { VirtualTime } from "../virtual-time.ts";
import { BreakerCheck } from "./breaker.ts";
import { CapsCheck } from "./caps.ts";
import { OrderCheck } from "./order.ts";
import { CountingCheck } from "./counting.ts";
import { FairnessCheck } from "./fairness.ts";
import { MemoryCheck } from "./memory.ts";
import { PausesCheck } from "./pauses.ts";
import { ProgressCheck } from "./progress.ts";
import { RetryCheck } from "./retries.ts";
import { SecretsCheck } from "./secrets.ts";
import { SendingCheck } from "./sending.ts";
import { ShardsCheck } from "./shards.ts";
import { SharesCheck } from "./shares.ts";
import { TriedCheck } from "./probes.ts";
import { ResendCheck } from "./resends.ts";
import type { WaitLimits } from "../spans.ts";

export interface CheckedWorld {
  readonly ledger: Ledger;
  readonly time: VirtualTime;
  readonly verdict: Verdict;
  readonly receivers: ReadonlyMap<string, Receiver>;
  readonly machines: readonly Machine[];
  readonly clocks: readonly MachineClock[];
  /** Running processes. */
  readonly nodes: () => readonly SimulatedNode[];
  /** Owners of the shards; `null`: there are no shards. */
  readonly shards: readonly (Ownership | null)[] | null;
  readonly waitLimits: WaitLimits;
  /** When a process, the database or a clock last had a fault, in elapsed milliseconds. */
  readonly calmSince: () => number;
  /** The same, but a wrong clock counts only at the moment it is set. */
  readonly wellSince: () => number;
  /** When the database last had a fault. */
  readonly databaseWellSince: () => number;
}

export function allChecks(world: CheckedWorld): readonly Check[] {
  return [
    new SendingCheck(world),
    new SecretsCheck(world),
    new CapsCheck(world),
    new SharesCheck(world),
    new FairnessCheck(world),
    new PausesCheck(world),
    new BreakerCheck(world),
    new OrderCheck(world),
    new CountingCheck(world),
    new RetryCheck(world),
    new ResendCheck(world),
    new TriedCheck(world),
    new MemoryCheck(world),
    new ProgressCheck(world),
    world.ledger.replays,
    new ShardsCheck(world),
  ];
}
