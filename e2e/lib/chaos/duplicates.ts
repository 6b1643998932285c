/** Finds repeated requests, and whether faults of their node or the database explain them. */
import type { Received } from "@posthorn/testkit";
import type { Outcome } from "./audit.ts";
import { hadFault, type Fault, trueTime } from "./faults.ts";

/** A request, and the node that sent it. */
export interface Sent extends Received {
  readonly node: number;
}

export interface Duplicates {
  /** Requests after the first one for an endpoint and a message. */
  readonly all: number;
  /** Repeats of a request that was in flight, or whose outcome was not stored yet, when its node was killed, frozen or cut off. */
  readonly ofNode: number;
  /** The same when only the database was unavailable. */
  readonly ofDatabase: number;
  /** All others, one line each. */
  readonly unexplained: readonly string[];
  /** Requests that began after the success of an earlier one was stored, one line each. */
  readonly afterSuccess: readonly string[];
}

/** The endpoint and message of a request. */
export const nameOf = ({ path, headers }: Received): string => `${path} ${headers["webhook-id"]}`;

/** The node is unknown, so only faults of the database count. */
const NO_NODE = -1;

/** @param outcomesOf The stored outcomes of an endpoint and a message, oldest first. */
export function duplicatesIn(
  requests: readonly Sent[],
  faults: readonly Fault[],
  outcomesOf: (name: string) => readonly Outcome[],
): Duplicates {
  // The time at which an attempt was signed, rounded down to a second.
  const begunAt = ({ node, headers, at }: Sent): number =>
    trueTime(faults, node, Number(headers["webhook-timestamp"]) * 1000, at);
  const found = { all: 0, ofNode: 0, ofDatabase: 0, unexplained: [] as string[], afterSuccess: [] as string[] };
  for (const [name, sent] of Map.groupBy(requests, nameOf)) {
    const outcomes = outcomesOf(name);
    const success = outcomes.find(({ succeeded }) => succeeded)?.at ?? Infinity;
    for (let place = 1; place < sent.length; place++) {
      const [before, repeated] = [sent[place - 1]!, sent[place]!];
      const line = `${name}: node ${before.node} at ${before.at}, node ${repeated.node} at ${repeated.at}`;
      found.all++;
      if (begunAt(repeated) >= success) found.afterSuccess.push(`${line}, success stored at ${success}`);
      const storedAt = outcomes.find(({ at }) => at >= before.at)?.at ?? Infinity;
      const explains = (first: number, second: number): boolean =>
        hadFault(faults, first, begunAt(before), Math.min(storedAt, repeated.at)) ||
        // The repeat began in time, and its own node was frozen afterwards.
        hadFault(faults, second, begunAt(repeated), repeated.at);
      if (!explains(before.node, repeated.node)) found.unexplained.push(line);
      else if (explains(NO_NODE, NO_NODE)) found.ofDatabase++;
      else found.ofNode++;
    }
  }
  return found;
}
