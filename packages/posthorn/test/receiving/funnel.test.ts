/** Results of the requests of a source, counted by hour. */
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FUNNEL_DAYS, recordFunnel } from "../../src/domain/funnel/record.ts";
import { githubHeaders, send, TestGateway, type TestSource } from "../support/gateway.ts";
import { servicesOver } from "../support/services.ts";
import { insertSource } from "../support/source-row.ts";
import { openStore } from "../support/store.ts";

const SECRET = "s3cret";
const BODY = '{"ref":"main"}';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway[Symbol.asyncDispose]());

async function deliver(source: TestSource, delivery: string, secret = SECRET): Promise<number> {
  return (await send(source.url, BODY, githubHeaders(secret, BODY, delivery, "push"))).status;
}

function funnelOf(source: TestSource, query = "") {
  return gateway.call("GET", `ingest/api/v1/source/${source.id}/funnel${query}`);
}

describe("the funnel of a source", () => {
  it("counts each request once at every step that it reached", async () => {
    const source = await gateway.source({ type: "github", secrets: [SECRET] });
    const lonely = await gateway.source({ type: "github", secrets: [SECRET] }, false);
    for (const delivery of ["one", "two", "two", "two"]) expect(await deliver(source, delivery)).toBe(200);
    expect(await deliver(source, "forged", "wrong")).toBe(401);
    expect(await deliver(lonely, "one")).toBe(200);
    await eventually(async () => {
      expect((await funnelOf(source)).json).toMatchObject({
        received: 5,
        verified: 4,
        duplicates: 2,
        quarantined: 1,
        routed: 2,
        unrouted: 0,
      });
      expect((await funnelOf(lonely)).json).toMatchObject({ received: 1, verified: 1, routed: 0, unrouted: 1 });
    });
    const before = "?since=2020-01-01T00:10:00Z&until=2020-01-01T01:20:00Z";
    expect((await funnelOf(source, before)).json).toEqual({
      since: "2020-01-01T00:00:00.000Z",
      until: "2020-01-01T02:00:00.000Z",
      received: 0,
      verified: 0,
      duplicates: 0,
      quarantined: 0,
      routed: 0,
      unrouted: 0,
    });
  });

  it("rejects a period that is longer than counts are kept, and an unknown source", async () => {
    const source = await gateway.source({ type: "github", secrets: [SECRET] }, false);
    const year = await funnelOf(source, "?since=2020-01-01T00:00:00Z&until=2021-01-01T00:00:00Z");
    expect([year.status, year.json["code"]]).toEqual([400, "invalid_range"]);
    expect((await gateway.call("GET", "ingest/api/v1/source/src_none/funnel")).status).toBe(404);
  });
});

describe("the counts of hours", () => {
  const counts = { stored: 2, routed: 1, duplicates: 3, quarantined: 4 };

  it("add up over writes, are not written for deleted sources, and are deleted when they are old", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    await insertSource(files.store, 1);
    await insertSource(files.store, 2, 1);
    const hour = Math.floor(services.now() / 3_600_000);
    const old = hour - FUNNEL_DAYS * 24 - 1;
    await recordFunnel(services, [
      { sourceKey: 1, hour, ...counts },
      { sourceKey: 2, hour, ...counts },
      { sourceKey: 1, hour: old, ...counts },
    ]);
    await recordFunnel(services, [{ sourceKey: 1, hour, ...counts }]);
    const rows = await files.store.db.selectFrom("source_hour").selectAll().execute();
    expect(rows).toEqual([{ source_id: 1, hour, stored: 4, routed: 2, duplicates: 6, quarantined: 8 }]);
  });
});
