/** Calendars, against a real server and with the parser in a worker thread. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseCalendar } from "../../src/sources/parse/calendar.ts";
import { SourceScene } from "./scene.ts";
import { responds, startWebServer, type WebServer } from "./web-server.ts";

const calendar = (...events: readonly string[]): string =>
  ["BEGIN:VCALENDAR", "VERSION:2.0", "X-WR-CALNAME:Team", ...events, "END:VCALENDAR"].join("\r\n");
const event = (...lines: readonly string[]): string => ["BEGIN:VEVENT", ...lines, "END:VEVENT"].join("\r\n");

const STANDUP = event(
  "UID:standup",
  "DTSTART;TZID=Europe/Berlin:20260301T090000",
  "DTEND;TZID=Europe/Berlin:20260301T091500",
  "RRULE:FREQ=DAILY",
  "SUMMARY:Stand-up",
);

describe("a calendar", () => {
  let scene: SourceScene;
  let server: WebServer;
  beforeEach(async () => {
    // 07:40 in Berlin.
    scene = await SourceScene.start({}, "2026-03-02T06:40:00Z");
    server = await startWebServer();
  });
  afterEach(async () => {
    await scene[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const types = async (source: Parameters<SourceScene["messages"]>[0]): Promise<readonly unknown[]> =>
    (await scene.messages(source)).map(({ eventType }) => eventType);

  it("emits an event before each occurrence starts, once, in the time zone of the appointment", async () => {
    server.respond = responds(calendar(STANDUP));
    const source = await scene.source("ical", { url: server.url, everySeconds: 3600, minutesBefore: 15 });
    expect(await scene.state(source)).toMatchObject({ events: 0 });
    // Due at 08:45 in Berlin, or when the interval ends before.
    while (scene.clock.now() < Date.parse("2026-03-02T07:44:00Z")) await scene.next(source);
    await scene.next(source);
    expect(await scene.messages(source)).toMatchObject([
      {
        eventType: "calendar.starting",
        payload: { calendar: "Team", appointment: { summary: "Stand-up", start: "2026-03-02T08:00:00.000Z" } },
      },
    ]);
  });

  it("does not emit the start of an appointment that was moved in the meantime", async () => {
    const meeting = (start: string): string => event("UID:m", `DTSTART:${start}`, "SUMMARY:Meeting");
    server.respond = responds(calendar(meeting("20260302T073000Z")));
    const source = await scene.source("ical", { url: server.url, everySeconds: 7200 });
    server.respond = responds(calendar(meeting("20260302T100000Z")));
    await scene.next(source);
    expect(await types(source)).toEqual(["calendar.changed"]);
  });

  it("reports created, changed, cancelled and removed appointments, but no existing ones", async () => {
    const one = (summary: string, ...more: readonly string[]): string =>
      event("UID:one", "DTSTART:20260310T100000Z", `SUMMARY:${summary}`, ...more);
    const two = event("UID:two", "DTSTART:20260311T100000Z", "SUMMARY:Two");
    server.respond = responds(calendar(one("One")));
    const source = await scene.source("ical", { url: server.url });
    for (const document of [
      calendar(one("One"), two),
      calendar(one("New name"), two),
      calendar(one("One"), two),
      calendar(one("One", "STATUS:CANCELLED")),
      calendar(one("One", "STATUS:CANCELLED")),
    ]) {
      server.respond = responds(document);
      await scene.next(source);
    }
    expect(await types(source)).toEqual([
      "calendar.created",
      "calendar.changed",
      "calendar.changed",
      "calendar.removed",
      "calendar.removed",
    ]);
    expect((await scene.payloads(source)).at(-1)).toMatchObject({ appointment: { uid: "two", summary: "Two" } });
  });

  it("that cannot be read fails with a hint, and is read again later", async () => {
    server.respond = responds("<html>");
    const source = await scene.source("ical", { url: server.url });
    expect(await scene.state(source)).toMatchObject({
      state: "failing",
      error: { code: "unreadable", hint: expect.any(String) },
    });
  });
});

describe("occurrences", () => {
  const occurrences = (text: string, from: string, to: string): readonly string[] =>
    parseCalendar({
      body: Buffer.from(text),
      from: Date.parse(from),
      to: Date.parse(to),
      timeZone: "Europe/Berlin",
    }).occurrences.map(({ startsAt }) => new Date(startsAt).toISOString());

  it("keep their wall-clock time over the change to daylight saving time", () => {
    expect(occurrences(calendar(STANDUP), "2026-03-28T00:00:00Z", "2026-03-30T12:00:00Z")).toEqual([
      "2026-03-28T08:00:00.000Z",
      "2026-03-29T07:00:00.000Z",
      "2026-03-30T07:00:00.000Z",
    ]);
  });

  it("do not include excluded ones, and have moved ones at their new time", () => {
    const series = STANDUP.replace("SUMMARY", "EXDATE;TZID=Europe/Berlin:20260303T090000\r\nSUMMARY");
    const moved = event(
      "UID:standup",
      "RECURRENCE-ID;TZID=Europe/Berlin:20260304T090000",
      "DTSTART;TZID=Europe/Berlin:20260304T110000",
    );
    expect(occurrences(calendar(series, moved), "2026-03-02T00:00:00Z", "2026-03-05T00:00:00Z")).toEqual([
      "2026-03-02T08:00:00.000Z",
      "2026-03-04T10:00:00.000Z",
    ]);
  });

  it("of all-day appointments start at midnight in the time zone of the source", () => {
    const day = event("UID:d", "DTSTART;VALUE=DATE:20260305");
    expect(occurrences(calendar(day), "2026-03-01T00:00:00Z", "2026-03-10T00:00:00Z")).toEqual([
      "2026-03-04T23:00:00.000Z",
    ]);
  });

  it("of a series without an end are limited", () => {
    const often = event("UID:s", "DTSTART:20200101T000000Z", "RRULE:FREQ=SECONDLY");
    expect(occurrences(calendar(often), "2026-03-01T00:00:00Z", "2026-03-10T00:00:00Z").length).toBeLessThanOrEqual(
      500,
    );
  });
});
