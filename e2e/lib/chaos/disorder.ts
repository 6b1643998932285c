/** Finds messages that arrived in another order than they were published, and reports what happened to them. */
import type { Received } from "@posthorn/testkit";
import type { Outcome, Stored } from "./audit.ts";
import { nameOf, type Sent } from "./duplicates.ts";
import type { Fault } from "./faults.ts";

/** When and how a message was published. Times in Unix milliseconds. */
export interface Publication {
  /** The nodes that the client calls, or its transaction. */
  readonly by: string;
  readonly from: number;
  /** When the client learned that the message was accepted. */
  readonly until: number;
}

/** A message, and one of the same ordering key that was published later and overtook it. */
export interface WrongPair {
  readonly path: string;
  readonly key: string;
  readonly first: Numbered;
  readonly overtaker: Numbered;
}

interface Numbered {
  readonly n: number;
  readonly id: string;
}

export interface Disorder {
  /** Messages that arrived after a later one of their ordering key that has the greater ID. */
  readonly wrong: readonly WrongPair[];
  /** Number of those that arrived after one that has the lesser ID: it was published at a node whose clock was behind that of the other. */
  readonly clocksApart: number;
}

/** Messages that arrived in another order than they were published. IDs sort as text by the time at which the node or database accepted the message. */
export function outOfOrder(requests: readonly Received[]): Disorder {
  const before = new Map<string, Numbered[]>();
  const seen = new Set<string>();
  const wrong: WrongPair[] = [];
  let clocksApart = 0;
  for (const request of requests) {
    const { key, n } = JSON.parse(request.body.toString()) as { readonly key: string; readonly n: number };
    if (seen.has(nameOf(request))) continue;
    seen.add(nameOf(request));
    const { path } = request;
    const lane = `${path} ${key}`;
    const id = request.headers["webhook-id"]!;
    const earlier = before.get(lane) ?? [];
    const passed = earlier.filter((other) => other.n > n);
    const overtaker = passed.find((other) => other.id > id);
    if (overtaker !== undefined) wrong.push({ path, key, first: { n, id }, overtaker });
    else if (passed.length > 0) clocksApart++;
    earlier.push({ n, id });
    before.set(lane, earlier);
  }
  return { wrong, clocksApart };
}

export interface Traces {
  readonly requests: readonly Sent[];
  readonly faults: readonly Fault[];
  readonly publications: ReadonlyMap<string, Publication>;
  /** The stored delivery of an endpoint and a message, as `nameOf` names them. */
  readonly storedOf: (name: string) => Stored | undefined;
  /** Its stored outcomes, oldest first. */
  readonly outcomesOf: (name: string) => readonly Outcome[];
}

/** Maximum number of pairs that are reported in full. */
const MAX_REPORTED = 8;

/** Reports the history of both messages of each pair, and the faults at that time. Times in seconds from the first fault. */
export function describeDisorder(wrong: readonly WrongPair[], traces: Traces): string {
  const start = traces.faults[0]?.from ?? 0;
  const seconds = (at: number): string => ((at - start) / 1000).toFixed(3);
  const reports = wrong.slice(0, MAX_REPORTED).map(({ path, key, first, overtaker }) => {
    const histories = [first, overtaker].map((message) => historyOf(path, message, traces));
    const times = histories.flat().map(({ at }) => at);
    const [from, until] = [Math.min(...times), Math.max(...times)];
    const faults = traces.faults.filter((fault) => fault.from <= until && fault.until >= from);
    return [
      `${path} ${key}: ${first.n} arrived after ${overtaker.n}`,
      ...[first, overtaker].map(({ n, id }, index) =>
        [`  ${n} ${id}`, ...histories[index]!.map(({ at, what }) => `    ${seconds(at)} ${what}`)].join("\n"),
      ),
      ...faults.map((fault) => `  ${seconds(fault.from)} to ${seconds(fault.until)} ${fault.kind} ${fault.target}`),
    ].join("\n");
  });
  return reports.map((report) => `${report}\n`).join("");
}

interface Step {
  readonly at: number;
  readonly what: string;
}

/** What happened to a message on its way to an endpoint, in order. */
function historyOf(path: string, { id }: Numbered, traces: Traces): readonly Step[] {
  const { requests, publications, storedOf, outcomesOf } = traces;
  const name = `${path} ${id}`;
  const publication = publications.get(id);
  const row = storedOf(name);
  const published =
    publication === undefined
      ? []
      : [
          { at: publication.from, what: `published by ${publication.by}` },
          { at: publication.until, what: "accepted, as the client knows" },
        ];
  const rows = row === undefined ? [] : [{ at: row.at, what: `stored by ${row.by}, order key ${row.orderKey}` }];
  const sent = requests
    .filter((request) => nameOf(request) === name)
    .map(({ at, node, headers }) => ({
      at,
      what: `arrived from node ${node}, signed ${headers["webhook-timestamp"]}`,
    }));
  const outcomes = outcomesOf(name).map(({ at, succeeded }) => ({
    at,
    what: `outcome stored: ${succeeded ? "success" : "failure"}`,
  }));
  return [...published, ...rows, ...sent, ...outcomes].sort((a, b) => a.at - b.at);
}
