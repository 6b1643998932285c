/** The rules, one check for each group of them. A new one is written beside them and gets its line here. */
import type { Dispatcher } from "../../../src/dispatch/dispatcher.ts";
import type { Check, Ledger } from "../ledger.ts";
import type { Receiver } from "../receivers.ts";
import type { Verdict } from "../verdict.ts";
import type { VirtualTime } from "../virtual-time.ts";
import { BreakerCheck } from "./breaker.ts";
import { CapsCheck } from "./caps.ts";
import { OrderCheck } from "./order.ts";
import { CountingCheck } from "./counting.ts";
import { MemoryCheck } from "./memory.ts";
import { ProgressCheck } from "./progress.ts";
import { RetryCheck } from "./retries.ts";
import { SendingCheck } from "./sending.ts";
import { WishCheck } from "./wishes.ts";

export interface CheckedWorld {
  readonly ledger: Ledger;
  readonly time: VirtualTime;
  readonly verdict: Verdict;
  readonly receivers: ReadonlyMap<string, Receiver>;
  /** The dispatcher of the process that runs; `null` while none does. */
  readonly dispatcher: () => Dispatcher | null;
  /** When process, database and clock were in trouble the last time, in elapsed milliseconds. */
  readonly calmSince: () => number;
}

export function allChecks(world: CheckedWorld): readonly Check[] {
  return [
    new SendingCheck(world),
    new CapsCheck(world),
    new BreakerCheck(world),
    new OrderCheck(world),
    new CountingCheck(world),
    new RetryCheck(world),
    new WishCheck(world),
    new MemoryCheck(world),
    new ProgressCheck(world),
  ];
}
