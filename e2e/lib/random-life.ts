/** How long a server of a crash test lives until it is killed. */
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "@posthorn/testkit";
import type { Random } from "./random.ts";

const MAX_LIFE_MS = 600;
/** Every third life may end before the server has accepted anything. */
const SHORT_EVERY = 3;
const ACCEPT_TIMEOUT_MS = 60_000;

export interface Life {
  readonly random: Random;
  /** Kills so far. */
  readonly kills: number;
  /** Messages accepted so far. */
  readonly accepted: () => number;
  /** Minimum of messages accepted per life, however slow the machine is: killing a server that has no work proves nothing. */
  readonly least: number;
  /** Clients of the server, which end the life if they fail. */
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
