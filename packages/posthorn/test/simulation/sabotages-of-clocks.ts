/** Sabotages that trust a clock after it was set, or after the process was frozen. */
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../src/dispatch/types.ts";
import { isDueSql } from "../../src/store/immediate.ts";
import { type Cell, MESSAGE } from "../../src/store/hot-columns.ts";
import { decodeAccepts, encodeAcceptRow } from "../../src/store/sqlite/protocol.ts";
import { type NamedSabotage, replaced } from "./sabotage.ts";
import { CLOCK_SET_BACK, FROZEN_NODE } from "./scenarios.ts";
import { intercept } from "./tampering.ts";

/** Omits deliveries from pages that are due in the future according to the clock. */
function pagesByTheClock(): Disposable {
  const { prepare } = DatabaseSync.prototype;
  return replaced(DatabaseSync.prototype, "prepare", function byTheClock(this: DatabaseSync, sql, ...more) {
    const changed = ["d", "e"].reduce(
      (text, row) => text.replaceAll(isDueSql(row, "$now"), `(${row}.due <= $now)`),
      sql,
    );
    return prepare.call(this, changed, ...more);
  });
}

function firstAttemptsByTheClock(): NamedSabotage {
  let clock: Clock | null = null;
  const dues = new Map<number, number>();
  const dueOf = (messageId: number): number => {
    if (!dues.has(messageId)) dues.set(messageId, clock!.now());
    return dues.get(messageId)!;
  };
  const encodeDues = (accepts: readonly Cell[]): readonly Cell[] => {
    const cells: Cell[] = [];
    for (const row of decodeAccepts(accepts)) {
      const { message } = row;
      const due = (message[MESSAGE.at.deliver_at] ?? null) === null ? dueOf(message[MESSAGE.at.id] as number) : row.due;
      encodeAcceptRow(cells, { ...row, due });
    }
    return cells;
  };
  return {
    name: "first attempts that are due by the wall clock",
    breaks: "order",
    orShows: ["found_again"],
    scenario: CLOCK_SET_BACK,
    inside: () => {
      dues.clear();
      return pagesByTheClock();
    },
    clock: (own) => (clock = own),
    thread: (thread) =>
      intercept(thread, (request, pass) => {
        if (request.op !== "batch") return pass(request);
        const { batch } = request;
        return pass({ ...request, batch: { ...batch, accepts: encodeDues(batch.accepts) } });
      }),
    hints: (dispatcher) => ({
      push: (jobs) =>
        dispatcher.push(
          jobs.map((job) => (job.immediate === true ? { ...job, immediate: false, due: dueOf(job.messageId) } : job)),
        ),
      look: (endpointIds, from) => dispatcher.look(endpointIds, from),
      wake: (endpointId) => dispatcher.wake(endpointId),
      revoke: (deliveries) => dispatcher.revoke(deliveries),
      tryNow: (endpointId) => dispatcher.tryNow(endpointId),
    }),
  };
}

export const CLOCK_SABOTAGES: readonly NamedSabotage[] = [
  firstAttemptsByTheClock(),
  {
    name: "pages without first attempts that the clock says are due later",
    breaks: "found_again",
    orShows: ["order"],
    scenario: CLOCK_SET_BACK,
    inside: pagesByTheClock,
  },
  {
    name: "requests that are written without another look at the lease",
    breaks: "one_owner",
    scenario: FROZEN_NODE,
    attempter: (attempter) => ({ attempt: (job, signal) => attempter.attempt(job, signal, () => true) }),
  },
];
