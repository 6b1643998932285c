/** Order between nodes: who publishes one message after another, at whatever node, has them delivered in that order. */
import type { AcceptEntry } from "../../store/store.ts";
import type { Services } from "../context.ts";

/**
 * Resolves once any node whose clock agrees gives greater keys than those of these messages, which have been stored. Keys of one tick are in
 * the order of the nodes, not of time: whoever is answered before its end may get a smaller one for what is published next elsewhere.
 */
export async function afterTheirTick(
  { ids, cluster }: Pick<Services, "ids" | "cluster">,
  entries: readonly Pick<AcceptEntry, "id" | "orderKeys">[],
): Promise<void> {
  if (cluster.alone) return;
  const ordered = entries.filter(({ orderKeys }) => orderKeys !== undefined && orderKeys !== null);
  const ms = Math.max(0, ...ordered.map(({ id }) => ids.msUntilPassed(id)));
  // A timer can be early by less than one.
  if (ms > 0) await new Promise<void>((resolve) => void cluster.time.setTimer(ms + 1, resolve));
}
