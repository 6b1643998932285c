import { describe, expect, it } from "vitest";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import { acceptEntry, attemptRecord, openStore, successOutcome } from "../../../test/support/store.ts";
import { keyAtTime } from "../../lib/id.ts";
import type { Store } from "../../store/store.ts";
import { endedAttempts } from "./ended-attempts.ts";

const MINUTE = Date.UTC(2026, 0, 1);
const ALL = { after: 0, upTo: Number.MAX_SAFE_INTEGER };

interface Delivered {
  readonly endpointId?: number;
  /** Milliseconds from the message to its response. */
  readonly latency?: number;
  readonly duration?: number;
  readonly failsFirst?: boolean;
}

/** Stores a message of this time whose delivery succeeds. */
async function delivered(
  store: Store,
  at: number,
  { endpointId = 1, latency = 12, duration = 4, failsFirst = false }: Delivered = {},
) {
  const id = keyAtTime(at);
  await store.accept(acceptEntry(id, { due: at, endpointIds: [endpointId] }));
  const record = (end: number, status: 0 | 2, attempts: number) => {
    const attempt = attemptRecord(keyAtTime(at + end - duration) + attempts, {
      status,
      durationMs: duration,
      response: "ok",
    });
    const state = status === 0 ? 1 : 0;
    return store.record(successOutcome(id, { endpointId, state, attempts, due: state === 0 ? at : null, attempt }));
  };
  if (failsFirst) await record(latency, 2, 1);
  await record(latency, 0, failsFirst ? 2 : 1);
}

describe("the attempts of a step", () => {
  it("are one row for all first-attempt successes at an endpoint in a minute with the same times", async () => {
    await using files = await openStore();
    const { store } = files;
    await insertEndpoint(servicesOver(store).services, "https://example.com/", {});
    for (let n = 0; n < 40; n++) await delivered(store, MINUTE + n * 100);
    await delivered(store, MINUTE + 60_000);
    await delivered(store, MINUTE + 5000, { endpointId: 2 });
    await delivered(store, MINUTE + 5100, { latency: 16 });
    await delivered(store, MINUTE + 5200, { duration: 8 });
    await delivered(store, MINUTE + 5300, { failsFirst: true });
    await delivered(store, MINUTE + 5400, { failsFirst: true });

    const rows = await endedAttempts(store.db, ALL);

    expect(rows.map(({ times }) => times).toSorted((a, b) => b - a)).toEqual([40, 1, 1, 1, 1, 1, 1, 1, 1]);
    const many = rows.find(({ times }) => times > 1);
    expect(many).toMatchObject({
      endpointId: 1,
      durationMs: 4,
      latencyMs: 12,
      status: 0,
      attempts: 1,
    });
    const one = rows.find(({ latencyMs }) => latencyMs === 16);
    expect(many!.bytes).toBe(40 * one!.bytes);
  });
});
