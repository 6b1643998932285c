/** Unblocks endpoints whose deliveries wait behind failed ones. */
import { unblockEndpoint } from "../../src/domain/endpoint/unblock.ts";
import { REQUESTED_BY, DELIVERY_STATE } from "../../src/store/schema.ts";
import type { DeliveryRow } from "./audit.ts";
import type { Ledger } from "./ledger.ts";
import type { SimulatedNode } from "./node.ts";
import { contextOf, type EndpointHandle } from "./publishing.ts";
import type { Random } from "./random.ts";
import type { TrackedDelivery } from "./tracked.ts";
import type { Verdict } from "./verdict.ts";

export interface UnblockingWorld {
  readonly ledger: Ledger;
  readonly verdict: Verdict;
  readonly unblockRandom: Random;
}

export async function unblockStuck(
  { ledger, verdict, unblockRandom }: UnblockingWorld,
  node: SimulatedNode,
  endpoints: readonly EndpointHandle[],
): Promise<void> {
  const stuck = endpoints
    .map((endpoint) => ({ endpoint, blockers: blockersOf(ledger, endpoint) }))
    .filter(({ blockers }) => blockers.length > 0);
  if (stuck.length === 0) return;
  const { endpoint, blockers } = unblockRandom.pick(stuck);
  const before = blockers.map(({ row }) => row);
  const input = { app: endpoint.app, endpoint: endpoint.id, orderingKey: null, messageId: null };
  ledger.touched(endpoint.key);
  try {
    await unblockEndpoint({ ctx: contextOf(node), input });
  } finally {
    ledger.touched(endpoint.key);
  }
  for (const [index, { row, name }] of blockers.entries()) {
    if (!isSame(row, before[index]!) || isPassed(row, node)) continue;
    verdict.broken("unblocked", `${name} was to be passed, and others still wait for it`);
  }
}

/** Failed deliveries to an endpoint that block others. */
function blockersOf(ledger: Ledger, { key }: EndpointHandle): readonly TrackedDelivery[] {
  const live = [...ledger.live].filter(({ endpoint }) => endpoint.id === key);
  return live.filter((delivery) => blocks(delivery) && live.some((other) => isBehind(other, delivery)));
}

function blocks({ row: { state, attempts, manual, orderKey } }: TrackedDelivery): boolean {
  return orderKey !== null && state === DELIVERY_STATE.pending && attempts > 0 && manual !== REQUESTED_BY.resend;
}

function isBehind({ row, messageId }: TrackedDelivery, other: TrackedDelivery): boolean {
  return messageId > other.messageId && row.orderKey === other.row.orderKey;
}

/** Whether a delivery had no further result in the meantime: each failure restarts the time for which it blocks. */
function isSame(row: DeliveryRow, before: DeliveryRow): boolean {
  const { state, due, attempts, generation } = row;
  const isAsDue = state === before.state && due === before.due;
  return isAsDue && attempts === before.attempts && generation === before.generation;
}

function isPassed({ passAt }: DeliveryRow, { run }: SimulatedNode): boolean {
  return passAt !== null && passAt <= run.clock.latestWall;
}
