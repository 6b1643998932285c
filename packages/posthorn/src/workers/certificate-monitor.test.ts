import { describe, expect, it } from "vitest";
import { eventually } from "../../test/support/dispatch.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { servicesOver } from "../../test/support/services.ts";
import { openStore, type TestStore } from "../../test/support/store.ts";
import { CertificateMonitor } from "./certificate-monitor.ts";

const START = Date.UTC(2026, 0, 1);
const END = "2026-03-01T00:00:00.000Z";
const LATER = "2026-06-01T00:00:00.000Z";

function watching({ store }: TestStore) {
  const clock = new ManualClock(START);
  const services = { ...servicesOver(store).services, now: () => clock.now() };
  const failures: unknown[] = [];
  const watch = new CertificateMonitor({
    services: () => services,
    clock,
    onFailure: (error) => void failures.push(error),
  });
  return { clock, watch, failures };
}

async function kept({ store }: TestStore) {
  const rows = await store.db.selectFrom("endpoint_certificate").selectAll().orderBy("endpoint_id").execute();
  return rows.map((row) => [
    row.endpoint_id,
    row.origin,
    new Date(row.valid_to).toISOString(),
    new Date(row.seen_at).getUTCMinutes(),
  ]);
}

describe("certificates of receivers", () => {
  it("are stored when they are new, and written again only when their date or host changes", async () => {
    await using files = await openStore();
    const { clock, watch } = watching(files);
    watch.seen({ endpointKey: 1, url: "https://a.example/in?x=1", validTo: END });
    watch.seen({ endpointKey: 2, url: "https://b.example:8443/in", validTo: END });
    clock.advance(2000);
    const first = [
      [1, "https://a.example", END, 0],
      [2, "https://b.example:8443", END, 0],
    ];
    await eventually(async () => expect(await kept(files)).toEqual(first));
    clock.advance(60_000);
    watch.seen({ endpointKey: 1, url: "https://a.example/other", validTo: END });
    watch.seen({ endpointKey: 2, url: "https://b.example/in", validTo: END });
    watch.seen({ endpointKey: 3, url: "https://c.example/", validTo: LATER });
    clock.advance(2000);
    await eventually(async () => {
      expect(await kept(files)).toEqual([
        first[0],
        [2, "https://b.example", END, 1],
        [3, "https://c.example", LATER, 1],
      ]);
    });
    await watch[Symbol.asyncDispose]();
  });

  it("that an earlier run stored are not written again, and those seen last are stored at shutdown", async () => {
    await using files = await openStore();
    const first = watching(files);
    first.watch.seen({ endpointKey: 1, url: "https://a.example/", validTo: END });
    await first.watch[Symbol.asyncDispose]();
    expect(await kept(files)).toEqual([[1, "https://a.example", END, 0]]);
    const second = watching(files);
    second.clock.advance(300_000);
    second.watch.seen({ endpointKey: 1, url: "https://a.example/", validTo: END });
    await second.watch[Symbol.asyncDispose]();
    expect(await kept(files)).toEqual([[1, "https://a.example", END, 0]]);
    expect([...first.failures, ...second.failures]).toEqual([]);
  });
});
