/** Decides how long a server of a crash test runs before it is killed. */
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "@posthorn/testkit";
import type { Random } from "./random.ts";

const MAX_LIFE_MS = 600;
/** Every third run may end before the server has accepted anything. */
const SHORT_EVERY = 3;
const ACCEPT_TIMEOUT_MS = 60_000;

export interface Life {
  readonly random: Random;
  /** Kills so far. */
  readonly kills: number;
  /** Messages accepted so far. */
  readonly accepted: () => number;
  /** Minimum number of messages accepted per run, however slow the machine is: killing an idle server proves nothing. */
  readonly least: number;
  /** Clients of the server. The run ends if one of them fails. */
  readonly work: readonly Promise<void>[];
}

/** Waits for a random time and the minimum of accepted messages, after which the caller kills the server. */
export async function randomLife({ random, kills, accepted, least, work }: Life): Promise<void> {
  const isShort = kills % SHORT_EVERY === SHORT_EVERY - 1;
  const goal = accepted() + (isShort ? 0 : least);
  await Promise.race([delay(random.below(MAX_LIFE_MS)), ...work]);
  const enough = (): void => {
    if (accepted() < goal) throw new Error(`accepted ${accepted()} of ${goal} messages`);
  };
  await Promise.race([eventually(enough, { timeoutMs: ACCEPT_TIMEOUT_MS, intervalMs: 5 }), ...work]);
}
