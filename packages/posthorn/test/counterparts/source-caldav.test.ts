/** Calendars of a real CalDAV server. */
import { isSkipped, RADICALE_USER, startRadicale, type TestRadicale } from "@posthorn/testkit/counterparts";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SourceScene } from "../sources/scene.ts";
import type { TestSource } from "../support/gateway.ts";

const PATH = "/ada/work/";
const event = (uid: string, ...lines: readonly string[]): string =>
  [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Posthorn//Test//EN",
    "BEGIN:VEVENT",
    `UID:${uid}`,
    "DTSTAMP:20260101T000000Z",
    ...lines,
    "END:VEVENT",
    "END:VCALENDAR",
    "",
  ].join("\r\n");

describe.skipIf(isSkipped("radicale"))("a CalDAV calendar", () => {
  let server: TestRadicale;
  let scene: SourceScene;
  beforeAll(async () => {
    server = await startRadicale();
  });
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    await server.request(
      "MKCALENDAR",
      PATH,
      '<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop><d:displayname>Work</d:displayname></d:prop></d:set></c:mkcalendar>',
    );
    // 07:40 in Berlin.
    scene = await SourceScene.start({}, "2026-03-02T06:40:00Z");
  });
  afterEach(async () => {
    await scene[Symbol.asyncDispose]();
    await server.request("DELETE", PATH);
  });

  const put = (uid: string, ...lines: readonly string[]) =>
    server.request("PUT", `${PATH}${uid}.ics`, event(uid, ...lines), { "content-type": "text/calendar" });
  const make = (config: object = {}): Promise<TestSource> =>
    scene.source("caldav", { url: `${server.url}${PATH}`, everySeconds: 600, ...RADICALE_USER, ...config });
  const seen = async (source: TestSource): Promise<readonly unknown[]> =>
    (await scene.messages(source)).map(({ eventType, payload }) => [
      eventType,
      (payload as { appointment: { uid: string } }).appointment.uid,
    ]);

  it("emits an event for each created, changed and removed appointment, once, and none for existing ones", async () => {
    await put("old", "DTSTART:20260310T100000Z", "SUMMARY:Old");
    await put("past", "DTSTART:20260101T100000Z", "SUMMARY:Past");
    const source = await make();
    expect(await scene.state(source)).toMatchObject({ state: "waiting", events: 0, error: null });
    await put("new", "DTSTART:20260311T100000Z", "SUMMARY:New");
    await put("past", "DTSTART:20260102T100000Z", "SUMMARY:Past");
    await scene.next(source);
    await put("old", "DTSTART:20260310T120000Z", "SUMMARY:Old");
    await scene.next(source);
    // A changed resource with the same appointment does not count as a change.
    await put("old", "DTSTART:20260310T120000Z", "SUMMARY:Old", "X-NOTE:1");
    await scene.next(source);
    await server.request("DELETE", `${PATH}new.ics`);
    await scene.next(source);
    await scene.next(source);
    expect(await seen(source)).toEqual([
      ["calendar.created", "new"],
      ["calendar.changed", "old"],
      ["calendar.removed", "new"],
    ]);
    expect((await scene.payloads(source))[1]).toMatchObject({
      calendar: "Work",
      appointment: { summary: "Old", start: "2026-03-10T12:00:00.000Z" },
    });
  });

  it("emits events for everything that has not ended, if the source starts with all", async () => {
    await put("one", "DTSTART:20260310T100000Z");
    await put("past", "DTSTART:20260101T100000Z");
    expect(await seen(await make({ start: "all" }))).toEqual([["calendar.created", "one"]]);
  });

  it("emits each occurrence of a series before it starts, in its time zone, without moved occurrences", async () => {
    const series = [
      "DTSTART;TZID=Europe/Berlin:20260301T090000",
      "DURATION:PT15M",
      "RRULE:FREQ=DAILY",
      "SUMMARY:Stand-up",
    ];
    await put("standup", ...series);
    const source = await make();
    while (scene.clock.now() < Date.parse("2026-03-02T07:44:00Z")) await scene.next(source);
    await scene.next(source);
    expect(await scene.messages(source)).toMatchObject([
      { eventType: "calendar.starting", payload: { appointment: { start: "2026-03-02T08:00:00.000Z" } } },
    ]);
    await put("standup", ...series, "EXDATE;TZID=Europe/Berlin:20260303T090000");
    scene.clock.set(Date.parse("2026-03-03T07:43:00Z"));
    await scene.next(source);
    await scene.next(source);
    expect(await seen(source)).toEqual([
      ["calendar.starting", "standup"],
      ["calendar.changed", "standup"],
    ]);
  });

  it("starts over when the server no longer accepts its sync token, without losing or repeating a change", async () => {
    await put("kept", "DTSTART:20260310T100000Z");
    await put("gone", "DTSTART:20260310T100000Z");
    const source = await make();
    const { services } = scene.gateway.node;
    const db = services.store.db;
    const row = await db.selectFrom("source_run").select(["source_id", "cursor_json"]).executeTakeFirstOrThrow();
    const cursor = { ...(JSON.parse(row.cursor_json!) as object), token: "http://radicale.org/ns/sync/unknown" };
    await services.store.transaction(async (tx) => {
      await tx.db
        .updateTable("source_run")
        .set((eb) => ({ cursor_json: JSON.stringify(cursor), version: eb("version", "+", 1) }))
        .execute();
      tx.signal({ kind: "source", key: row.source_id });
    }, "test");
    await server.request("DELETE", `${PATH}gone.ics`);
    await put("kept", "DTSTART:20260310T110000Z");
    await put("new", "DTSTART:20260310T100000Z");
    await scene.next(source);
    await scene.next(source);
    expect(new Set((await seen(source)).map(String))).toEqual(
      new Set(["calendar.changed,kept", "calendar.created,new", "calendar.removed,gone"]),
    );
    expect(await scene.messages(source)).toHaveLength(3);
  });

  it("explains a wrong password, and a URL that is not a calendar", async () => {
    const wrong = await make({ password: "wrong" });
    expect(await scene.state(wrong)).toMatchObject({ state: "failing", error: { code: "credentials_refused" } });
    const nothing = await make({ url: `${server.url}/ada/work/nothing.ics` });
    expect(await scene.state(nothing)).toMatchObject({ state: "failing", error: { code: "target_not_found" } });
  });

  it.each(["", "/", "/ada/", "/.well-known/caldav"])(
    "is found from the server's URL with the path %j",
    async (path) => {
      await put("one", "DTSTART:20260310T100000Z");
      const source = await make({ url: `${server.url}${path}`, start: "all" });
      expect(await scene.state(source)).toMatchObject({ state: "waiting", error: null });
      await put("two", "DTSTART:20260311T100000Z");
      await scene.next(source);
      expect(await seen(source)).toEqual([
        ["calendar.created", "one"],
        ["calendar.created", "two"],
      ]);
    },
  );

  it("is chosen by its name or path if the account has several, and the error lists them", async () => {
    const home = `${server.url}/`;
    await server.request(
      "MKCALENDAR",
      "/ada/home/",
      '<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop><d:displayname>Home</d:displayname></d:prop></d:set></c:mkcalendar>',
    );
    try {
      await put("one", "DTSTART:20260310T100000Z");
      expect(await scene.state(await make({ url: home }))).toMatchObject({
        state: "failing",
        error: {
          code: "target_not_found",
          message: expect.stringMatching(/several calendars: .*Home \(\/ada\/home\/\).*/) as string,
          hint: expect.stringContaining("`calendar`") as string,
        },
      });
      expect(await scene.state(await make({ url: home, calendar: "Holidays" }))).toMatchObject({
        error: { message: expect.stringContaining('no calendar with the name "Holidays"') as string },
      });
      for (const calendar of ["work", "Work", "/ada/work/"]) {
        expect(await seen(await make({ url: home, calendar, start: "all" }))).toEqual([["calendar.created", "one"]]);
      }
      const other = await make({ url: home, calendar: "Home", start: "all" });
      expect(await scene.state(other)).toMatchObject({ state: "waiting" });
      expect(await seen(other)).toEqual([]);
    } finally {
      await server.request("DELETE", "/ada/home/");
    }
  });
});
