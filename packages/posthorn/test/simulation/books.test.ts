import { describe, expect, it } from "vitest";
import { limitsOf, type Attempter, type AttemptResult, type Job } from "../../src/dispatch/types.ts";
import type { Change } from "./audit.ts";
import { BookedAttempts } from "./booked-attempts.ts";
import { PausesCheck } from "./checks/pauses.ts";
import type { Commit } from "./database.ts";
import { Ledger } from "./ledger.ts";
import { MachineClock } from "./machine-clock.ts";
import type { Run } from "./run.ts";
import type { Tenure } from "./tenure.ts";
import { Verdict } from "./verdict.ts";
import { START, VirtualTime } from "./virtual-time.ts";

const HOST = "receiver.example.com";
const ENDPOINT = {
  kind: "endpoint",
  endpointId: 7,
  tenant: 1,
  url: `https://${HOST}/hook`,
  disabled: false,
  deleted: false,
  pausedUntil: 0,
  discardUpTo: 0,
  policyJson: null,
} as const;
const DELIVERY = {
  kind: "delivery",
  messageId: 1,
  endpointId: 7,
  row: {
    state: 0,
    due: START,
    attempts: 0,
    generation: 0,
    manual: 0,
    resumeDue: null,
    orderKey: null,
    passAt: null,
  },
} as const;
const JOB: Job = {
  messageId: 1,
  publicId: "msg_1",
  endpointId: 7,
  due: START,
  attempts: 0,
  generation: 0,
  trigger: 0,
  contentType: "text/plain",
  orderingKey: null,
  requestJson: null,
  payload: new Uint8Array(),
};
const NOT_NOW: AttemptResult = { kind: "not_now", pauseMs: 0 };
const MADE: AttemptResult = {
  kind: "made",
  retryAfterMs: null,
  attempt: {
    id: 100,
    publicId: "atmpt_100",
    url: ENDPOINT.url,
    status: 0,
    responseCode: 200,
    response: "",
    durationMs: 1,
    errorCode: null,
    detailJson: "[]",
  },
};

/** The books of one process that has the lane of one endpoint, which is owed one message. */
function scene() {
  const time = new VirtualTime();
  const verdict = new Verdict(() => time.elapsed);
  const ledger = new Ledger(time, verdict);
  const clock = new MachineClock(time, { skewMs: 0, drift: 0 });
  const settings = {
    limits: limitsOf(),
    endpointConcurrency: 4,
    retrySchedule: [],
    requestTimeoutMs: 30_000,
    shutdownTimeoutMs: 0,
    staleMs: 0,
  };
  const run: Run = { number: 1, settings, machine: 1, clock, startedAt: 0 };
  let tenure: Tenure = { run, fence: 1, since: 0 };
  ledger.watchOver({ of: () => tenure, began: () => undefined });
  ledger.started(run);
  ledger.use([new PausesCheck({ ledger, time, verdict })]);
  const commit = (change: Change): void => {
    const { elapsed: at } = time;
    const made: Commit = { run: run.number, at, answeredAt: at - 1, confirmed: true };
    ledger.committed([change], made);
  };
  commit(ENDPOINT);
  commit(DELIVERY);
  const books = new BookedAttempts(ledger, run);
  return {
    commit,
    verdict,
    /** Begins an attempt. Returns what lets it end, with a request before that if it says that it was made. */
    begin: () => {
      const { promise: until, resolve: goOn } = Promise.withResolvers<AttemptResult>();
      const attempter: Attempter = {
        attempt: async () => {
          const result = await until;
          if (result.kind === "made") books.requested(HOST, JOB.messageId)();
          return result;
        },
      };
      const ended = books.around(attempter).attempt(JOB, new AbortController().signal);
      return async (result: AttemptResult): Promise<void> => {
        goOn(result);
        await ended;
      };
    },
    /** Somebody else takes the shard, and gives it back. */
    loseAndRegain: () => {
      const before = tenure;
      tenure = { run, fence: before.fence + 1, since: time.elapsed };
      ledger.tenureEnded(before, "taken");
    },
  };
}

describe("the books know which attempt a request is of", () => {
  it("when one before it ended without a request after its process had lost the shard (seed 7015)", async () => {
    const { begin, loseAndRegain, verdict } = scene();
    const end = begin();
    loseAndRegain();
    await end(NOT_NOW);
    await begin()(MADE);
    expect(verdict.violation).toBeNull();
  });

  it("when one before it is still under way", async () => {
    const { begin, loseAndRegain, verdict } = scene();
    const end = begin();
    loseAndRegain();
    await begin()(MADE);
    await end(NOT_NOW);
    expect(verdict.violation).toBeNull();
  });
});

describe("an endpoint that is paused", () => {
  const paused = { ...ENDPOINT, pausedUntil: START + 60_000 };

  it("is left alone", async () => {
    const { begin, commit, verdict } = scene();
    commit(paused);
    await begin()(NOT_NOW);
    expect(verdict.violation?.rule).toBe("held_is_left_alone");
  });

  it("has what it is owed looked at, and canceled, once it is deleted (seed 6709)", async () => {
    const { begin, commit, verdict } = scene();
    commit({ ...paused, deleted: true });
    await begin()({ kind: "void", reason: "endpoint_gone" });
    expect(verdict.violation).toBeNull();
  });
});
