import { describe, expect, it } from "vitest";
import type { Attempter, AttemptResult } from "../../src/dispatch/types.ts";
import { RecordedAttempts } from "./recorded-attempts.ts";
import { LedgerFixture, jobOf } from "./ledger-fixture.ts";

const HOST = "receiver.example.com";
const ENDPOINT = 7;
const MESSAGE = 1;
const REQUEST = { headers: [], body: null };
const NOT_NOW: AttemptResult = { kind: "not_now", pauseMs: 0 };
const MADE: AttemptResult = {
  kind: "made",
  retryAfterMs: null,
  attempt: {
    id: 100,
    publicId: "atmpt_100",
    url: `https://${HOST}/hook`,
    status: 0,
    responseCode: 200,
    response: "",
    durationMs: 1,
    errorCode: null,
    detailJson: "[]",
  },
};

/** One process that owns the lane of one endpoint with one delivery. */
class Scene {
  readonly recordedAttempts = new LedgerFixture({}, null);
  readonly #booked = new RecordedAttempts(this.recordedAttempts.ledger, this.recordedAttempts.run);

  constructor() {
    this.recordedAttempts.endpoint(ENDPOINT, HOST);
    this.recordedAttempts.delivery(MESSAGE, ENDPOINT);
  }

  /** Starts an attempt. Returns a function that ends it with a result, after a request if the result is `made`. */
  begin(): (result: AttemptResult) => Promise<void> {
    const { promise: until, resolve: goOn } = Promise.withResolvers<AttemptResult>();
    const attempter: Attempter = {
      attempt: async () => {
        const result = await until;
        if (result.kind === "made") this.#booked.requested(HOST, MESSAGE, REQUEST)();
        return result;
      },
    };
    const ended = this.#booked
      .around(attempter)
      .attempt(jobOf(MESSAGE, ENDPOINT), new AbortController().signal, () => true);
    return async (result) => {
      goOn(result);
      await ended;
    };
  }
}

describe("a request is assigned to the attempt that makes it", () => {
  it("when an earlier attempt ended without a request after its process had lost the shard (seed 7015)", async () => {
    const scene = new Scene();
    const end = scene.begin();
    scene.recordedAttempts.loseLanes();
    await end(NOT_NOW);
    await scene.begin()(MADE);
    expect(scene.recordedAttempts.verdict.violation).toBeNull();
  });

  it("when an earlier attempt is still in flight", async () => {
    const scene = new Scene();
    const end = scene.begin();
    scene.recordedAttempts.loseLanes();
    await scene.begin()(MADE);
    await end(NOT_NOW);
    expect(scene.recordedAttempts.verdict.violation).toBeNull();
  });
});
