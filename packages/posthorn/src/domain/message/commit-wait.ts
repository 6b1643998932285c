/** Commit wait: messages that a client publishes one after the other on any nodes are delivered in that order. */
import type { AcceptEntry } from "../../store/store.ts";
import type { Services } from "../context.ts";

/**
 * Waits until every node whose clock agrees assigns greater keys than those of these stored messages. Within one tick of the clock, keys are
 * ordered by node and not by time: a client that got its response earlier could publish its next message on another node under a smaller
 * key.
 */
export async function commitWait(
  { ids, cluster }: Pick<Services, "ids" | "cluster">,
  entries: readonly Pick<AcceptEntry, "id" | "orderKeys">[],
): Promise<void> {
  if (cluster.alone) return;
  const ordered = entries.filter(({ orderKeys }) => orderKeys !== undefined && orderKeys !== null);
  const ms = Math.max(0, ...ordered.map(({ id }) => ids.msUntilPassed(id)));
  // Timers can fire up to 1 ms early.
  if (ms > 0) await new Promise<void>((resolve) => void cluster.time.setTimer(ms + 1, resolve));
}
