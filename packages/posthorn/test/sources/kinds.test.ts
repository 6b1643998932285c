/** Requirements for every kind of source: its declaration, and for polled kinds the contract of drivers. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkConfig, shownConfig } from "../../src/fields/config.ts";
import type { Field, KindConfig } from "../../src/fields/field.ts";
import type { Cursor, PolledDriver, SourceHost, SourceResponse } from "../../src/sources/driver.ts";
import { sourceDriver } from "../../src/sources/drivers.ts";
import { MIN_POLL_SECONDS } from "../../src/sources/kind.ts";
import { SOURCE_KINDS, WEBHOOK_SOURCE } from "../../src/sources/kinds.ts";
import { parseDocument } from "../../src/sources/parse/parse.ts";

const KINDS = Object.entries(SOURCE_KINDS).filter(([name]) => name !== WEBHOOK_SOURCE);
const HOUR_MS = 3_600_000;

describe.each(KINDS)("the declaration of %s", (name, kind) => {
  it("has complete texts, and examples that are valid", () => {
    for (const text of [kind.summary, ...kind.setup, ...kind.events.map(({ description }) => description)]) {
      expect(text).toMatch(/\.$/);
    }
    for (const declared of Object.values(kind.fields)) {
      expect(declared.help).toMatch(/\.$/);
      expect(declared.label).not.toBe("");
      if (declared.example === undefined || declared.type !== "text" || declared.pattern === undefined) continue;
      expect(declared.example).toMatch(new RegExp(`^(?:${declared.pattern})$`, "u"));
    }
  });

  it("has a driver of its family, and an interval of at least 30 seconds", () => {
    expect(sourceDriver(name)?.family ?? "request").toBe(kind.family);
    const every = kind.fields["everySeconds"];
    const minimum = every?.type === "integer" ? every.minimum : MIN_POLL_SECONDS;
    expect(minimum).toBeGreaterThanOrEqual(MIN_POLL_SECONDS);
  });

  it("never shows a secret, for any configuration", () => {
    const values = fc.record(
      Object.fromEntries(Object.entries(kind.fields).map(([field, declared]) => [field, valueOf(field, declared)])),
    );
    fc.assert(
      fc.property(values, (input) => {
        const checked = checkConfig(kind, input, null);
        if (checked.kind === "invalid") return;
        expect(JSON.stringify(shownConfig(kind, checked.config))).not.toContain("secret-of-");
        expect(kind.target(checked.config) ?? "").not.toContain("secret-of-");
      }),
      { numRuns: 50 },
    );
  });
});

function valueOf(name: string, field: Field): fc.Arbitrary<unknown> {
  if (field.secret) return fc.constant(`secret-of-${name}-which-is-long`);
  switch (field.type) {
    case "text":
      return fc.constantFrom(field.example ?? field.default ?? null, null);
    case "url":
      return fc.constantFrom(...field.schemes.map((scheme) => `${scheme}//a.example/x`));
    case "integer":
      return fc.integer({ min: field.minimum, max: field.maximum });
    case "boolean":
      return fc.boolean();
    case "choice":
      return fc.constantFrom(...field.choices);
  }
}

interface Example {
  readonly kind: string;
  readonly config: Record<string, unknown>;
  /** Documents, one after another. */
  readonly documents: readonly string[];
}

const feed = (...ids: readonly number[]): string =>
  `<rss version="2.0"><channel><title>T</title>${ids.map((id) => `<item><guid>${id}</guid></item>`).join("")}</channel></rss>`;
const calendar = (...days: readonly number[]): string =>
  `BEGIN:VCALENDAR\r\n${days.map((day) => `BEGIN:VEVENT\r\nUID:${day}\r\nDTSTART:202603${day}T100000Z\r\nEND:VEVENT\r\n`).join("")}END:VCALENDAR`;

const EXAMPLES: readonly Example[] = [
  { kind: "schedule", config: { cron: "0 * * * *", missed: "all" }, documents: ["", "", ""] },
  { kind: "http", config: { url: "https://a.example/" }, documents: ["1", "2", "1"] },
  { kind: "http", config: { url: "https://a.example/", emit: "always" }, documents: ["1", "1", "1"] },
  {
    kind: "http",
    config: { url: "https://a.example/", emit: "items", items: "$[*]" },
    documents: ['[{"id":1}]', '[{"id":2},{"id":1}]', '[{"id":4},{"id":3},{"id":2}]'],
  },
  { kind: "feed", config: { url: "https://a.example/" }, documents: [feed(1), feed(2, 1), feed(4, 3, 2)] },
  {
    kind: "ical",
    config: { url: "https://a.example/" },
    documents: [calendar(10), calendar(10, 11), calendar(11, 12)],
  },
];

const MULTISTATUS = `<d:multistatus xmlns:d="DAV:"><d:response><d:href>/a</d:href><d:propstat><d:prop><c:calendar-data xmlns:c="c">${calendar(10)}</c:calendar-data></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`;
const MAIL =
  "From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b\r\nContent-Disposition: attachment; filename*=utf-8''%41\r\n\r\ny\r\n--b--\r\n";

function hostOf(config: KindConfig, now: number, document: string): SourceHost {
  const response: SourceResponse = {
    status: 200,
    headers: new Map([["content-type", "text/plain"]]),
    body: Buffer.from(document),
    url: String(config["url"]),
  };
  return {
    config,
    sourceId: "src_1",
    name: "Test",
    url: "https://in.example/in/1",
    signal: new AbortController().signal,
    maxBodyBytes: 1_000_000,
    connections: {
      listen: () => Promise.resolve({ kind: "canceled" }),
      remove: () => Promise.resolve(null),
    },
    now: () => now,
    send: () => Promise.resolve(response),
    sendSigned: () => Promise.resolve(response),
    parse: parseDocument,
    wait: () => Promise.resolve(),
  };
}

describe.each(EXAMPLES)("a driver of the kind $kind with $config", ({ kind: name, config: input, documents }) => {
  const checked = checkConfig(SOURCE_KINDS[name]!, input, null);
  if (checked.kind === "invalid") throw new Error(JSON.stringify(checked.problems));
  const { config } = checked;
  const driver = sourceDriver(name) as PolledDriver;
  const start = Date.parse("2026-03-02T00:30:00Z");

  it("emits the same IDs when it reads again from the same cursor, and others later", async () => {
    let cursor: Cursor | null = null;
    let now = start;
    const all: string[] = [];
    for (const document of documents) {
      const read = await driver.poll(hostOf(config, now, document), cursor);
      // The process is killed before the cursor is saved, and reads again a moment later.
      const again = await driver.poll(hostOf(config, now + 500, document), cursor);
      expect(again.events.map(({ id }) => id)).toEqual(read.events.map(({ id }) => id));
      all.push(...again.events.map(({ id }) => id));
      // As it is stored.
      cursor = JSON.parse(JSON.stringify(again.cursor)) as Cursor;
      now += HOUR_MS;
    }
    expect(all.length).toBeGreaterThan(1);
    expect(new Set(all).size).toBe(all.length);
  });

  it("emits nothing when nothing has changed", async () => {
    if (name === "schedule" || input["emit"] === "always") return;
    const first = await driver.poll(hostOf(config, start, documents[0]!), null);
    const second = await driver.poll(hostOf(config, start + HOUR_MS, documents[0]!), first.cursor);
    expect([...first.events, ...second.events]).toEqual([]);
  });

  it("has events with a type, a body and its content type", async () => {
    const first = await driver.poll(hostOf(config, start, documents[0]!), null);
    const { events } = await driver.poll(hostOf(config, start + HOUR_MS, documents[1]!), first.cursor);
    expect(events.length).toBeGreaterThan(0);
    for (const event of events) {
      expect(event.type).toMatch(/^[a-z][\w.-]+$/);
      expect(event.headers.length % 2).toBe(0);
      expect(event.contentType).not.toBe("");
      expect(event.body).toBeInstanceOf(Uint8Array);
    }
  });
});

describe("an untrusted document", () => {
  it.each(["items", "feed", "calendar", "multistatus", "mail"] as const)(
    "is parsed or rejected as a whole (%s), for any content",
    async (kind) => {
      const documents = fc.oneof(
        fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
        fc.string({ maxLength: 300 }).map((text) => Buffer.from(text)),
        fc
          .constantFrom(feed(1, 2), calendar(10, 11), '{"a":[1]}', MULTISTATUS, MAIL)
          .chain((text) => fc.nat(text.length).map((at) => Buffer.from(text.slice(0, at) + text.slice(at + 3)))),
      );
      await fc.assert(
        fc.asyncProperty(documents, async (body) => {
          const job =
            kind === "items"
              ? { kind, body, items: "$[*]", itemId: "$.id", nextCursor: "$.next" }
              : kind === "feed"
                ? { kind, body }
                : kind === "mail"
                  ? { kind, body, attachmentBytes: 100 }
                  : { kind, body, from: 0, to: 1e12, timeZone: "UTC" };
          const result = await parseDocument(job);
          expect(["parsed", "unreadable"]).toContain(result.kind);
        }),
        { numRuns: 150 },
      );
    },
  );
});
