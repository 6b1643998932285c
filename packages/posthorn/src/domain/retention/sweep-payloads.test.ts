import { describe, expect, it } from "vitest";
import { servicesOver } from "../../../test/support/services.ts";
import { acceptEntry, attemptRecord, openStore, successOutcome } from "../../../test/support/store.ts";
import { changeFacts, unsentDetail } from "../../delivery/attempt-detail.ts";
import { keyAtTime } from "../../lib/id.ts";
import { decodeDetail } from "../attempt/detail.ts";
import { keptBody } from "../attempt/sent-body.ts";
import { rollUp } from "../stats/roll-up.ts";
import { sweepPayloads } from "./sweep-payloads.ts";

const DAY = 86_400_000;
const signal = new AbortController().signal;

const COUNT = { messages: Number.MAX_SAFE_INTEGER, attempts: Number.MAX_SAFE_INTEGER };
const pause = () => Promise.resolve();
const keeping = (payloadMs: number) => ({
  periods: { payloadMs, attemptMs: payloadMs, failureMs: payloadMs },
  signal,
  pause,
});

describe("the sweep of payloads", () => {
  it("deletes payloads older than the default retention or past their own, and no others", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    const now = Date.now();
    const old = keyAtTime(now - 2 * DAY);
    const young = keyAtTime(now);
    const noEndpoint = { endpointIds: [] };
    await files.store.accept(acceptEntry(old, noEndpoint));
    await files.store.accept(acceptEntry(old + 1, { ...noEndpoint, expiresAt: now + DAY }));
    await files.store.accept(acceptEntry(young, noEndpoint));
    await files.store.accept(acceptEntry(young + 1, { ...noEndpoint, expiresAt: now - 1 }));
    await rollUp(services, COUNT, signal);
    await sweepPayloads(services, keeping(DAY));
    const kept = await Promise.all([old, old + 1, young, young + 1].map((id) => files.store.payload(id)));
    expect(kept.map((payload) => payload !== null)).toEqual([false, true, true, false]);
  });

  it("keeps the payload of a pending delivery, and deletes it once it has ended", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    const now = Date.now();
    const old = keyAtTime(now - 2 * DAY);
    await files.store.accept(acceptEntry(old));
    await files.store.accept(acceptEntry(old + 1, { expiresAt: now - 1 }));
    await rollUp(services, COUNT, signal);
    await sweepPayloads(services, keeping(DAY));
    expect(await files.store.payload(old)).not.toBeNull();
    expect(await files.store.payload(old + 1)).not.toBeNull();
    await files.store.record(successOutcome(old));
    await files.store.record(successOutcome(old + 1));
    const later = { ...services, now: () => now + DAY };
    await sweepPayloads(later, keeping(30 * DAY));
    expect(await files.store.payload(old)).toBeNull();
    expect(await files.store.payload(old + 1)).toBeNull();
  });

  it("also deletes the transformed bodies and logs of attempts, and keeps their other details", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    const old = keyAtTime(Date.now() - 2 * DAY);
    await files.store.accept(acceptEntry(old));
    const run = { logs: ["secret"], cpuMs: 1 };
    const detailJson = unsentDetail(changeFacts(run, keptBody(Buffer.from("secret"))), 7);
    await files.store.record(successOutcome(old, { attempt: attemptRecord(old + 1, { detailJson }) }));
    await rollUp(services, COUNT, signal);
    await sweepPayloads(services, keeping(DAY));
    const { detail_json: left } = await files.store.db.selectFrom("attempt").selectAll().executeTakeFirstOrThrow();
    expect(left).not.toContain("secret");
    expect(decodeDetail(left!)).toMatchObject({
      timings: { totalMs: 7 },
      extra: { change: { logs: null, body: null } },
    });
  });
});
