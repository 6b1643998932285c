/**
 * Tests of batches over a real store, with a scripted destination: which messages are sent together, and the consequences of each result.
 */
import { describe, expect, it } from "vitest";
import { insertEndpoint, servicesOver } from "../../test/support/services.ts";
import type { Services } from "../domain/context.ts";
import { acceptEntry, openStore, type TestStore } from "../../test/support/store.ts";
import type { Destination, SendResult } from "../destinations/destination.ts";
import { KeptBatches } from "../dispatch/kept-batches.ts";
import type { BatchAttempt, BatchedResult } from "../dispatch/types.ts";
import { decodeDetail } from "../domain/attempt/detail.ts";
import type { AcceptEntry } from "../store/store.ts";
import type { Job, KeptBatch } from "../store/delivery.ts";
import type { Busy, RunResult } from "../transform/types.ts";
import { AttemptSteps } from "./attempt-steps.ts";
import { BatchSender } from "./batch-sender.ts";

type Sent = readonly SendResult[] | "split";

/** Runs the transformation for the message with this number. */
type Run = (id: number) => RunResult | Busy | Promise<RunResult | Busy>;

const POLICY = { items: 100, bytes: 1_000_000, waitMs: 0, sharesKeys: true, isKept: false } as const;
const NO_TIMINGS = { queueMs: 0, dnsMs: null, connectMs: null, tlsMs: null, waitMs: null, bodyMs: null } as const;
const SENT = {
  target: "https://queue.example.com/",
  durationMs: 1,
  responseCode: 200,
  response: "",
  facts: {
    method: "POST",
    standard: { contentType: "", userAgent: "", families: [], timestamp: 0, signature: "" },
    headers: [],
    bodyBytes: 0,
    timings: { ...NO_TIMINGS, totalMs: 1, reused: false },
    peer: null,
    tls: null,
    response: null,
    sentence: null,
    retryAfterMs: null,
  },
  reply: null,
} as const;
const OK: SendResult = { kind: "ok", ...SENT };
const RETRY: SendResult = { kind: "retry", ...SENT, errorCode: "http_500", problem: null };
const REFUSED: SendResult = { kind: "refused", ...SENT, errorCode: "message_invalid", problem: null };
const OWN_FAULT: SendResult = { kind: "own_fault", problem: { code: "no_sockets", detail: "none", origin: "" } };

function batchAttempt(changes: Partial<BatchAttempt> = {}): BatchAttempt {
  return {
    policy: POLICY,
    signal: new AbortController().signal,
    maySend: () => true,
    earlier: null,
    kept: null,
    isOrdered: false,
    lease: undefined,
    ...changes,
  };
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

interface SceneOptions {
  /** Absent: the endpoint has no transformation. */
  readonly run?: Run;
  readonly maxBytes?: number;
}

class Scene {
  /** Messages of each request, in order. */
  readonly requests: (readonly number[])[] = [];
  readonly problems: string[] = [];
  readonly ended: number[] = [];
  now = 1000;
  /** Returns the results of a request. Everything is accepted by default. */
  respond: (ids: readonly number[], limits: Parameters<Destination["send"]>[1]) => Sent | Promise<Sent> = (ids) =>
    ids.map(() => OK);
  readonly files: TestStore;
  readonly sender: BatchSender;
  readonly #directory: Services["directory"];
  #attempts = 0;

  private constructor(files: TestStore, services: Services, { run, maxBytes }: SceneOptions) {
    this.files = files;
    const { directory, ids: generator } = services;
    this.#directory = directory;
    const request = async (ids: readonly number[], limits: Parameters<Destination["send"]>[1]): Promise<Sent> => {
      this.requests.push(ids);
      return this.respond(ids, limits);
    };
    const idOf = ({ messageId }: { readonly messageId: string }): number => Number(messageId.slice("msg_".length));
    const destination: Destination = {
      send: async (message, limits) => ((await request([idOf(message)], limits)) as readonly SendResult[])[0]!,
      sendBatch: (messages, limits) => request(messages.map(idOf), limits),
    };
    const options = {
      store: files.store,
      directory,
      destinations: new Map([["http", destination]]),
      transforms: {
        ...services.transforms,
        run: async ({ webhook }: { readonly webhook: { readonly id: string } }) =>
          run!(idOf({ messageId: webhook.id })),
      },
      ids: generator,
      secretBox: services.secretBox,
      now: () => this.now,
      onSent: ({ messageId }: Job) => void this.ended.push(messageId),
      onProblem: ({ code }: { readonly code: string }) => void this.problems.push(code),
    };
    this.sender = new BatchSender(options, new AttemptSteps(options), maxBytes);
  }

  static async open(files: TestStore, options: SceneOptions = {}): Promise<Scene> {
    const { services } = servicesOver(files.store);
    await insertEndpoint(services, "https://queue.example.com/", {});
    if (options.run !== undefined) {
      const transformation_sealed = services.secretBox.seal(
        JSON.stringify({ code: "", variables: {}, updatedAt: 0 }),
        "endpoint.transformation_sealed 1",
      );
      await files.store.transaction(({ db }) =>
        db.updateTable("endpoint").set({ transformation_sealed, transformation_enabled: 1 }).execute(),
      );
    }
    return new Scene(files, services, options);
  }

  async changeEndpoint(changes: object): Promise<void> {
    await this.files.store.transaction(({ db }) => db.updateTable("endpoint").set(changes).execute());
    this.#directory.clear();
  }

  /** Stores messages. Returns their jobs, as a lane passes them. */
  async store(
    ids: readonly number[],
    changes: (id: number) => Partial<AcceptEntry & Job> = () => ({}),
  ): Promise<readonly Job[]> {
    return Promise.all(
      ids.map(async (id) => {
        const { orderKey = null, deliverUntil = null, ...entry } = changes(id);
        const { publicId, contentType, due, payload } = acceptEntry(id, entry);
        await this.files.store.accept(acceptEntry(id, entry));
        const fresh = { attempts: 0, generation: 0, trigger: 0, orderingKey: null, requestJson: null } as const;
        const bytes = payload.byteLength;
        return {
          ...fresh,
          messageId: id,
          publicId,
          contentType,
          due,
          bytes,
          payload: null,
          endpointId: 1,
          orderKey,
          deliverUntil,
        };
      }),
    );
  }

  /** Sends jobs as a batch. Returns a short form of each result. */
  async send(jobs: readonly Job[], batch: Partial<BatchAttempt> = {}): Promise<readonly string[]> {
    const results = await this.sender.attempt(jobs, batchAttempt(batch));
    this.#attempts += results.filter(({ kind }) => kind === "made").length;
    return results.map(short);
  }

  /** Number of attempts that were used up. */
  get attempts(): number {
    return this.#attempts;
  }
}

function short(result: BatchedResult): string {
  if (result.kind === "void") return result.reason!;
  if (result.kind !== "made") return result.kind;
  return result.attempt.status === 0 ? "ok" : result.final === true ? "refused" : "failed";
}

/** Rejects a request with one of these messages, as a whole if it has several. */
const poisoned =
  (...poison: readonly number[]) =>
  (ids: readonly number[]): Sent =>
    !ids.some((id) => poison.includes(id)) ? ids.map(() => OK) : ids.length > 1 ? "split" : [REFUSED];

describe("a batch", () => {
  it("is one request, in which each message has its own attempt, which names the batch and its position", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files);
    const jobs = await scene.store(upTo(3));
    const results = await scene.sender.attempt(jobs, batchAttempt());
    expect(scene.requests).toEqual([[1, 2, 3]]);
    expect(scene.ended).toEqual([1, 2, 3]);
    const made = results.map((result) => (result as Extract<BatchedResult, { kind: "made" }>).attempt);
    expect(new Set(made.map(({ id }) => id)).size).toBe(3);
    const batches = made.map(
      ({ detailJson }) => decodeDetail(detailJson!)!.extra?.["batch"] as { readonly id: string },
    );
    const { id } = batches[0]!;
    expect(id).toMatch(/^batch_/);
    expect(batches).toEqual([0, 1, 2].map((index) => ({ id, index, size: 3 })));
  });

  it("does not record redacted values of a message with other messages, even if the response repeats the request", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files);
    const payload = Buffer.from('{"card":"4111 1111"}');
    const [redacted, ...others] = await scene.store(upTo(3));
    const jobs = [{ ...redacted!, payload, spans: [9, 18], isRedacted: true as const }, ...others];
    const response = `Not now: ${payload.toString()}`;
    const head = { headers: ["x-request", response], headersCut: false, truncated: false, bodyError: null };
    const facts = { ...SENT.facts, sentence: response, response: head };
    scene.respond = (ids) => ids.map(() => ({ ...RETRY, responseCode: 500, response, facts }));
    const results = await scene.sender.attempt(jobs, batchAttempt());
    expect(results).toHaveLength(3);
    for (const result of results) {
      const { attempt } = result as Extract<BatchedResult, { kind: "made" }>;
      expect(attempt.response).toBe('Not now: {"card":"[redacted]"}');
      expect(attempt.detailJson).toContain("Not now");
      expect(attempt.detailJson).not.toContain("4111");
    }
  });

  it("of one message is an ordinary attempt", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files);
    const [result] = await scene.sender.attempt(await scene.store([1]), batchAttempt());
    expect(result).toMatchObject({ kind: "made", attempt: { status: 0 } });
    expect((result as Extract<BatchedResult, { kind: "made" }>).attempt.detailJson).not.toContain("batch_");
  });

  it("retries only the messages that the destination did not accept", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files);
    scene.respond = (ids) => ids.map((id) => (id === 2 ? RETRY : id === 3 ? REFUSED : OK));
    expect(await scene.send(await scene.store(upTo(4)))).toEqual(["ok", "failed", "refused", "ok"]);
  });

  it("is sent in parts when a transformation has made its messages larger than the limit", async () => {
    await using files = await openStore();
    const text = JSON.stringify("x".repeat(98));
    const run = (): RunResult => returned({ kind: "json", text });
    const scene = await Scene.open(files, { run });
    const policy = { ...POLICY, bytes: 250 };
    expect(await scene.send(await scene.store(upTo(5)), { policy })).toEqual(["ok", "ok", "ok", "ok", "ok"]);
    expect(scene.requests).toEqual([[1, 2], [3, 4], [5]]);
  });

  it("contains no message that has expired, was deleted, or whose transformation canceled it or failed", async () => {
    await using files = await openStore();
    const run: Run = (id) => {
      if (id === 3) return { ...returned(null), cancel: true };
      if (id === 4) return { kind: "failed", reason: "threw", message: "why", line: 1, logs: [], cpuMs: 1 };
      return returned(null);
    };
    const scene = await Scene.open(files, { run });
    const jobs = await scene.store(upTo(6), (id) => (id === 1 ? { deliverUntil: 1000 } : { deliverUntil: 1001 }));
    await files.store.transaction(({ db }) => db.deleteFrom("message").where("id", "=", 2).execute());
    expect(await scene.send(jobs)).toEqual(["expired", "payload_gone", "transformation", "refused", "ok", "ok"]);
    expect(scene.requests).toEqual([[5, 6]]);
  });
});

describe("a request that is rejected as a whole", () => {
  it("is halved until the invalid message is alone, and only that message fails", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files);
    scene.respond = poisoned(6);
    const results = await scene.send(await scene.store(upTo(9)));
    expect(results).toEqual(upTo(9).map((id) => (id === 6 ? "refused" : "ok")));
    expect(scene.requests).toEqual([upTo(9), upTo(5), [6, 7, 8, 9], [6, 7], [6], [7], [8, 9]]);
    // A request that is split uses up no attempt.
    expect(scene.attempts).toBe(9);
    expect(scene.ended).toEqual(upTo(9));
  });

  it("with several invalid messages fails these, and no others", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files);
    scene.respond = poisoned(1, 4, 5, 32);
    const results = await scene.send(await scene.store(upTo(32)));
    expect(results.flatMap((result, index) => (result === "refused" ? [index + 1] : []))).toEqual([1, 4, 5, 32]);
    expect(results.filter((result) => result === "ok")).toHaveLength(28);
  });

  it("is stored as a separate batch for each half, if the destination recognises batches", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files);
    scene.respond = poisoned(3);
    const ended: (readonly number[])[] = [];
    const kept = new (class extends KeptBatches {
      override end(batch: KeptBatch): void {
        ended.push(batch.messageIds);
        super.end(batch);
      }
    })(files.store.batches, 1);
    await kept.load();
    const jobs = await scene.store(upTo(4));
    const stored: (readonly (readonly number[])[])[] = [];
    const { respond } = scene;
    scene.respond = async (ids, limits) => {
      stored.push((await files.store.batches.list(1)).map(({ messageIds }) => messageIds));
      return respond(ids, limits);
    };
    await scene.send(jobs, { kept });
    expect(scene.requests).toEqual([upTo(4), [1, 2], [3, 4], [3], [4]]);
    // Each is on disk before it is sent.
    for (const [index, ids] of scene.requests.entries()) expect(stored[index]).toContainEqual(ids);
    // Those that were split are deleted later.
    expect(ended).toEqual([upTo(4), [3, 4]]);
    expect(upTo(4).map((id) => kept.batchOf(id)?.messageIds)).toEqual([[1, 2], [1, 2], [3], [4]]);
  });

  it("keeps the order: the messages of a key behind one that is retried are not sent, and those of other keys are", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files);
    scene.respond = (ids) => (ids.length > 2 ? "split" : ids.map((id) => (id === 1 ? RETRY : OK)));
    const jobs = await scene.store(upTo(6), (id) => ({ orderKey: id % 3 === 0 ? "b" : "a" }));
    expect(await scene.send(jobs, { isOrdered: true })).toEqual(["failed", "ok", "ok", "behind", "behind", "ok"]);
    expect(scene.requests).toEqual([upTo(6), [1, 2, 3], [1, 2], [3], [6]]);
  });
});

describe("a batch that cannot be sent", () => {
  it("does not use up attempts after a fault on Posthorn's side, reports it once, and does not try the rest", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files);
    scene.respond = (ids) => ids.map(() => OWN_FAULT);
    const results = await scene.send(await scene.store(upTo(4)), { policy: { ...POLICY, items: 2 } });
    expect(results).toEqual(["not_now", "not_now", "behind", "behind"]);
    expect(scene.requests).toEqual([[1, 2]]);
    expect(scene.problems).toEqual(["no_sockets"]);
    expect(scene.ended).toEqual([]);
  });

  it("because the destination is down uses up an attempt only for the messages of one request", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files);
    scene.respond = (ids) => ids.map(() => RETRY);
    const results = await scene.send(await scene.store(upTo(4)), { policy: { ...POLICY, items: 2 } });
    expect(results).toEqual(["failed", "failed", "behind", "behind"]);
  });

  it("uses up no attempt while no transformation thread is free", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files, { run: (id) => (id === 2 ? { kind: "busy" } : returned(null)) });
    expect(await scene.send(await scene.store(upTo(3)))).toEqual(["not_now", "not_now", "not_now"]);
    expect(scene.requests).toEqual([]);
  });

  it("is canceled with the process: accepted messages are recorded, and the rest uses up no attempt", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files);
    const stop = new AbortController();
    scene.respond = (ids, { signal }) => {
      if (signal.aborted) return ids.map(() => ({ kind: "own_fault", problem: null }));
      stop.abort();
      return ids.map(() => OK);
    };
    const policy = { ...POLICY, items: 2 };
    const results = await scene.send(await scene.store(upTo(6)), { policy, signal: stop.signal });
    expect(results).toEqual(["ok", "ok", "not_now", "not_now", "behind", "behind"]);
    expect(scene.problems).toEqual([]);
  });

  it("is on hold while the endpoint is disabled, and void once it is deleted", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files);
    const jobs = await scene.store([1, 2]);
    await scene.changeEndpoint({ disabled: 1 });
    expect(await scene.send(jobs)).toEqual(["held", "held"]);
    await scene.changeEndpoint({ disabled: 0, deleted_at: 1 });
    expect(await scene.send(jobs)).toEqual(["endpoint_gone", "endpoint_gone"]);
    expect(scene.requests).toEqual([]);
  });

  it("lets the destination check whether another node owns the lane right before it sends", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files);
    scene.respond = (ids, { maySend }) => ids.map(() => (maySend() ? OK : { kind: "own_fault", problem: null }));
    expect(await scene.send(await scene.store([1, 2]), { maySend: () => false })).toEqual(["not_now", "not_now"]);
  });
});

describe("a batch in an ordered lane", () => {
  it("does not send later messages of a key after one whose transformation must run again", async () => {
    await using files = await openStore();
    const run: Run = (id) =>
      id === 2 ? { kind: "failed", reason: "timeout", message: "why", line: 1, logs: [], cpuMs: 1 } : returned(null);
    const scene = await Scene.open(files, { run });
    const jobs = await scene.store(upTo(6), (id) => ({ orderKey: id === 5 ? "b" : "a" }));
    const results = await scene.send(jobs, { isOrdered: true });
    expect(results).toEqual(["ok", "failed", "behind", "behind", "ok", "behind"]);
    expect(scene.requests).toEqual([[1, 5]]);
  });

  it("sends the messages after one that failed permanently or is not sent at all", async () => {
    await using files = await openStore();
    const run: Run = (id) =>
      id === 1 ? { kind: "failed", reason: "threw", message: "why", line: 1, logs: [], cpuMs: 1 } : returned(null);
    const scene = await Scene.open(files, { run });
    const jobs = await scene.store(upTo(4), (id) => ({ orderKey: "a", ...(id === 2 ? { deliverUntil: 1 } : {}) }));
    expect(await scene.send(jobs, { isOrdered: true })).toEqual(["refused", "expired", "ok", "ok"]);
  });
});

describe("the memory of batches", () => {
  it("is limited across all endpoints: batches wait in order of arrival until another has ended", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files, { maxBytes: 100 });
    const [known, ...jobs] = await scene.store(upTo(5), () => ({ payload: Buffer.alloc(60, "1") }));
    // The endpoint is read from the database once. Afterwards, batches request memory in the order in which they are sent.
    await scene.send([known!]);
    const gates = new Map<number, () => void>();
    scene.respond = async (ids) => {
      await new Promise<void>((resolve) => gates.set(ids[0]!, resolve));
      return ids.map(() => OK);
    };
    const started = (ids: readonly number[]) => expect.poll(() => scene.requests.map(([id]) => id)).toEqual(ids);
    const sent = jobs.map((job) => scene.send([job]));
    await started([1, 2]);
    // The budget is not full, but the next batch would exceed it.
    gates.get(2)!();
    await started([1, 2, 3]);
    gates.get(3)!();
    await started([1, 2, 3, 4]);
    gates.get(4)!();
    await started([1, 2, 3, 4, 5]);
    gates.get(5)!();
    expect((await Promise.all(sent)).flat()).toEqual(["ok", "ok", "ok", "ok"]);
  });

  it("does not stop a batch that is larger than the limit", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files, { maxBytes: 10 });
    expect(await scene.send(await scene.store(upTo(3)))).toEqual(["ok", "ok", "ok"]);
  });

  it("is released when a batch fails because the database is unavailable", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files, { maxBytes: 10 });
    const jobs = await scene.store(upTo(2));
    const kept = new KeptBatches(
      { ...files.store.batches, keep: () => Promise.reject(new Error("the database is unavailable")) },
      1,
    );
    await expect(scene.send(jobs, { kept })).rejects.toThrow("the database is unavailable");
    expect(scene.requests).toEqual([]);
    expect(await scene.send(jobs)).toEqual(["ok", "ok"]);
  });
});

describe("a batch that its destination recognises by its messages", () => {
  it("is resent under the same key, and under a different one once its messages have changed", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files);
    scene.respond = (ids) => ids.map(() => RETRY);
    const kept = new KeptBatches(files.store.batches, 1);
    await kept.load();
    const jobs = await scene.store(upTo(3));
    await scene.send(jobs, { kept });
    const earlier = kept.batchOf(1)!;
    await scene.send(jobs, { kept, earlier });
    expect(kept.batchOf(1)).toBe(earlier);
    expect(await files.store.batches.list(1)).toHaveLength(1);
    await scene.send(jobs.slice(1), { kept, earlier });
    expect(kept.batchOf(1)).toBeNull();
    expect(kept.batchOf(2)).toMatchObject({ messageIds: [2, 3] });
    expect(kept.batchOf(2)!.id).not.toBe(earlier.id);
  });

  it("is resent as one request, even if the limits are lower by then", async () => {
    await using files = await openStore();
    const scene = await Scene.open(files);
    const kept = new KeptBatches(files.store.batches, 1);
    await kept.load();
    const jobs = await scene.store(upTo(3));
    const earlier = await kept.keep(500, upTo(3), undefined);
    await scene.send(jobs, { kept, earlier, policy: { ...POLICY, items: 2, bytes: 5 } });
    expect(scene.requests).toEqual([[1, 2, 3]]);
  });
});

function returned(payload: { readonly kind: "json" | "text"; readonly text: string } | null) {
  const request = { method: "POST", url: "https://queue.example.com/", headers: {} };
  return { kind: "returned", ...request, payload, cancel: false, logs: [], cpuMs: 1 } as const;
}
