import { Egress, type EgressResult, parseAllowList } from "@posthorn/egress";
import { startReceiver } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { insertEndpoint, servicesOver } from "../../test/support/services.ts";
import { acceptEntry, openStore, successOutcome } from "../../test/support/store.ts";
import type { AttemptResult } from "../dispatch/types.ts";
import { timeOfKey } from "../lib/id.ts";
import type { Job } from "../store/delivery.ts";
import type { Store } from "../store/store.ts";
import type { Busy, RunResult } from "../transform/types.ts";
import { AttemptTracker } from "./delivery-store.ts";
import { DeliveryAttempter } from "./attempter.ts";
import { destinationsOf } from "../destinations/destinations.ts";
import { EndpointSender } from "../destinations/http/request.ts";
import { HttpDestination } from "../destinations/http/http-destination.ts";

const { signal } = new AbortController();
const onProblem = (): void => undefined;
const random = (): number => 0;

function job(changes: Partial<Job> = {}): Job {
  const { id: messageId, publicId, payload, contentType, due } = acceptEntry(1);
  return {
    messageId,
    publicId,
    payload,
    contentType,
    due,
    endpointId: 1,
    attempts: 0,
    generation: 0,
    trigger: 0,
    orderingKey: null,
    requestJson: null,
    ...changes,
  };
}

interface AttemptOptions {
  readonly headers?: object;
  readonly of?: Job;
  /** Result of the transformation; absent: the endpoint has none. */
  readonly run?: RunResult | Busy;
  readonly maySend?: () => boolean;
  readonly url?: string;
  readonly tracker?: AttemptTracker;
}

/** Makes one attempt to endpoint 1, with these headers and this HTTP client. */
async function attempt(
  store: Store,
  egress: Pick<Egress, "send">,
  {
    headers = {},
    of = job(),
    run,
    maySend = () => true,
    url = "http://127.0.0.1:8080/",
    tracker = new AttemptTracker(() => 0),
  }: AttemptOptions = {},
): Promise<AttemptResult> {
  const { services } = servicesOver(store);
  await insertEndpoint(services, url, headers);
  const { directory, ids, now, secretBox } = services;
  if (run !== undefined) {
    const transformation_sealed = secretBox.seal(
      JSON.stringify({ code: "", variables: {}, updatedAt: 0 }),
      "endpoint.transformation_sealed 1",
    );
    await store.transaction(({ db }) =>
      db.updateTable("endpoint").set({ transformation_sealed, transformation_enabled: 1 }).execute(),
    );
    await store.accept(acceptEntry(1));
  }
  const transforms = { ...services.transforms, run: () => Promise.resolve(run!) };
  const options = {
    store,
    directory,
    destinations: destinationsOf({
      own: { http: new HttpDestination({ sender: new EndpointSender(egress), now, families: ["webhook"], secretBox }) },
      http: null,
      connection: null,
    }),
    transforms,
    ids,
    secretBox,
    tracker,
    now,
    random,
    onProblem,
  } as const;
  return new DeliveryAttempter(options).attempt(of, signal, maySend);
}

const timings = {
  queueMs: 0,
  dnsMs: null,
  connectMs: null,
  tlsMs: null,
  waitMs: null,
  bodyMs: null,
  totalMs: 1,
  reused: false,
};

function failure(
  code: "dns_failed" | "no_sockets" | "stalled" | "shutdown" | "canceled" | "timeout",
  fault: "ours" | "canceled" | "target",
) {
  const result: EgressResult = { kind: "error", code, fault, message: "why", detail: "", timings, peer: null };
  return { send: () => Promise.resolve(result) };
}

describe("an attempt", () => {
  it("whose request cannot be built fails visibly instead of being postponed forever", async () => {
    await using files = await openStore();
    await using egress = new Egress({ allow: parseAllowList("loopback") });
    // For example a header that an earlier version allowed.
    const result = await attempt(files.store, egress, { headers: { "proxy-connection": "close" } });
    expect(result).toMatchObject({ kind: "made", attempt: { status: 2, responseCode: 0, errorCode: "bad_request" } });
  });

  it.each([
    ["dns_failed", "ours"],
    ["no_sockets", "ours"],
    ["stalled", "ours"],
    ["shutdown", "ours"],
    ["canceled", "canceled"],
  ] as const)("that failed because of a fault on our side (%s) is not counted", async (code, fault) => {
    await using files = await openStore();
    expect(await attempt(files.store, failure(code, fault))).toMatchObject({ kind: "not_now" });
  });

  it.each<[boolean, string, Partial<Job>, number]>([
    [true, "the first of a message without a delay", {}, 200],
    [false, "the first of a delayed message", { firstDue: timeOfKey(1) + 1000 }, 200],
    [false, "a retry", { attempts: 1 }, 200],
    [false, "requested manually", { trigger: 1 }, 200],
    [false, "a failure", {}, 500],
  ])("is an immediate success (%s) if it is %s", async (isImmediateSuccess, _, changes, status) => {
    await using files = await openStore();
    await using receiver = await startReceiver({ response: status });
    await using egress = new Egress({ allow: parseAllowList("loopback") });
    const of = job({ firstDue: timeOfKey(1), ...changes });
    const result = await attempt(files.store, egress, { url: `${receiver.url}/hook`, of });
    expect(result).toMatchObject({ kind: "made", attempt: { isImmediateSuccess } });
  });

  it("is neither sent nor counted once its lane may belong to another node", async () => {
    await using files = await openStore();
    await using receiver = await startReceiver();
    await using egress = new Egress({ allow: parseAllowList("loopback") });
    const url = `${receiver.url}/hook`;
    expect(await attempt(files.store, egress, { url, maySend: () => false })).toMatchObject({ kind: "not_now" });
    expect(receiver.requests).toHaveLength(0);
  });

  it.each([
    ["is made before its message expires", 60_000, { kind: "made" }],
    ["is void once its message has expired, and says so", 0, { kind: "void", reason: "expired" }],
  ])("%s", async (_title, msLeft, expected) => {
    await using files = await openStore();
    const of = job({ deliverUntil: Date.now() + msLeft });
    expect(await attempt(files.store, failure("timeout", "target"), { of })).toMatchObject(expected);
  });

  it("is tracked from before its key is assigned until its outcome is stored", async () => {
    await using files = await openStore();
    let lastKey = 10;
    const tracker = new AttemptTracker(() => lastKey);
    const seen: number[] = [];
    const { send } = failure("timeout", "target");
    const egress = {
      send: () => {
        lastKey = 20;
        seen.push(tracker.settledUpTo);
        return send();
      },
    };
    const result = await attempt(files.store, egress, { tracker });
    expect(seen).toEqual([10]);
    expect(tracker.settledUpTo).toBe(10);
    tracker.settled(successOutcome(1, { attempt: (result as Extract<AttemptResult, { kind: "made" }>).attempt }));
    expect(tracker.settledUpTo).toBe(20);
  });

  it("that fails because of the target is recorded with the cause", async () => {
    await using files = await openStore();
    const result = await attempt(files.store, failure("timeout", "target"));
    expect(result).toMatchObject({ kind: "made", attempt: { status: 2, response: "why", errorCode: "timeout" } });
  });

  it("is neither sent nor counted while no transformation thread is free", async () => {
    await using files = await openStore();
    const never = { send: () => Promise.reject(new Error("must not be sent")) };
    expect(await attempt(files.store, never, { run: { kind: "busy" } })).toMatchObject({ kind: "not_now" });
  });

  it.each([
    ["threw", true],
    ["memory", true],
    ["timeout", undefined],
    ["crashed", undefined],
  ] as const)(
    "whose transformation failed (%s) counts without being sent, and ends the retries: %s",
    async (reason, final) => {
      await using files = await openStore();
      const never = { send: () => Promise.reject(new Error("must not be sent")) };
      const run = { kind: "failed", reason, message: "why", line: 1, logs: [], cpuMs: 1 } as const;
      const result = await attempt(files.store, never, { run });
      expect(result).toMatchObject({
        kind: "made",
        attempt: { errorCode: "transform_failed", unsent: true, status: 2 },
      });
      expect((result as { final?: true }).final).toBe(final);
    },
  );

  it("passes a transformation the message that is in memory, and reads only one whose parts are missing", async () => {
    const run = { method: "POST", url: "http://127.0.0.1:8080/", cancel: false, headers: {}, payload: null } as const;
    const returned = { ...run, kind: "returned", logs: [], cpuMs: 0 } as const;
    const labels = { eventType: "a", eventId: null, channelsJson: null, tagsJson: null };
    const sent = async (changes: Partial<Job>) => {
      await using files = await openStore();
      return await attempt(files.store, failure("timeout", "target"), { of: job(changes), run: returned });
    };
    // Not in the database.
    const messageId = job().messageId + 1;
    expect(await sent({ messageId, labels })).toMatchObject({ kind: "made" });
    for (const missing of [{}, { labels, payload: null }]) {
      expect(await sent({ messageId, ...missing })).toEqual({ kind: "void", reason: "payload_gone" });
      expect(await sent(missing)).toMatchObject({ kind: "made" });
    }
  });

  it("of a message without payload, or to a deleted endpoint, is void", async () => {
    await using files = await openStore();
    const never = { send: () => Promise.reject(new Error("must not be sent")) };
    expect(await attempt(files.store, never, { of: job({ payload: null }) })).toEqual({
      kind: "void",
      reason: "payload_gone",
    });
    const { services } = servicesOver(files.store);
    const { directory, transforms, ids, now, secretBox } = services;
    const options = {
      store: files.store,
      directory,
      destinations: destinationsOf({
        own: { http: new HttpDestination({ sender: new EndpointSender(never), now, families: [], secretBox }) },
        http: null,
        connection: null,
      }),
      transforms,
      ids,
      secretBox,
      tracker: new AttemptTracker(() => ids.lastKey),
      now,
      random,
      onProblem,
    };
    expect(await new DeliveryAttempter(options).attempt(job({ endpointId: 2 }), signal, () => true)).toMatchObject({
      kind: "void",
      reason: "endpoint_gone",
    });
  });
});
