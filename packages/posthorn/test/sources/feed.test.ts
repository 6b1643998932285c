/** Feeds in all formats, against a real server and with parsers in a worker thread. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseFeed } from "../../src/sources/parse/feed.ts";
import { SourceScene } from "./scene.ts";
import { responds, startWebServer, type WebServer, withEtag } from "./web-server.ts";

interface Entry {
  readonly id: number;
}

const RSS = (entries: readonly Entry[]): string =>
  `<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Blog</title><link>https://blog.example/</link>
<atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="https://blog.example/feed"/>
${entries.map(({ id }) => `<item><title>Post ${id} &amp; more</title><guid isPermaLink="false">post-${id}</guid><link>https://blog.example/${id}</link><pubDate>Mon, 02 Mar 2026 00:0${id}:00 GMT</pubDate></item>`).join("")}
</channel></rss>`;
const ATOM = (entries: readonly Entry[]): string =>
  `<feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title><link href="https://blog.example/"/><link rel="hub" href="https://hub.example/"/>
${entries.map(({ id }) => `<entry><id>post-${id}</id><title type="html">Post ${id} &amp; more</title><link href="https://blog.example/${id}"/><updated>2026-03-02T00:0${id}:00Z</updated></entry>`).join("")}</feed>`;
const JSON_FEED = (entries: readonly Entry[]): string =>
  JSON.stringify({
    version: "https://jsonfeed.org/version/1.1",
    title: "Blog",
    home_page_url: "https://blog.example/",
    hubs: [{ type: "WebSub", url: "https://hub.example/" }],
    items: entries.map(({ id }) => ({
      id: `post-${id}`,
      title: `Post ${id} & more`,
      url: `https://blog.example/${id}`,
      date_published: `2026-03-02T00:0${id}:00Z`,
    })),
  });

describe("a feed", () => {
  let scene: SourceScene;
  let server: WebServer;
  beforeEach(async () => {
    scene = await SourceScene.start();
    server = await startWebServer();
  });
  afterEach(async () => {
    await scene[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it.each([
    ["RSS", RSS],
    ["Atom", ATOM],
    ["JSON Feed", JSON_FEED],
  ])("in the format %s emits new entries once, in one form, and none of its history", async (_format, make) => {
    let entries: readonly Entry[] = [{ id: 2 }, { id: 1 }];
    server.respond = (request, response) => withEtag(() => make(entries))(request, response, "");
    const source = await scene.source("feed", { url: server.url });
    entries = [{ id: 4 }, { id: 3 }, { id: 2 }, { id: 1 }];
    await scene.next(source);
    await scene.next(source);
    const payloads = await scene.payloads(source);
    expect(payloads).toMatchObject(
      [3, 4].map((id) => ({
        feed: { title: "Blog", link: "https://blog.example/", hub: "https://hub.example/" },
        entry: { id: `post-${id}`, title: `Post ${id} & more`, link: `https://blog.example/${id}` },
      })),
    );
    expect(server.requests.at(-1)!.headers["if-none-match"]).toBeDefined();
  });

  it("emits its history on request", async () => {
    server.respond = responds(RSS([{ id: 2 }, { id: 1 }]));
    const source = await scene.source("feed", { url: server.url, start: "all" });
    expect((await scene.messages(source)).map(({ eventId }) => eventId)).toEqual(["feed/post-1", "feed/post-2"]);
  });

  it.each([
    ["a page", "<!doctype html><html><body>Hello</body></html>"],
    ["nothing", ""],
    ["damaged XML", '<rss version="2.0"><channel><item>'],
  ])("that is %s does not affect other sources, and fails with a hint or has no entries", async (_case, body) => {
    server.respond = responds(body);
    const source = await scene.source("feed", { url: server.url, start: "all" });
    expect(await scene.messages(source)).toEqual([]);
    expect(await scene.state(source)).toMatchObject({ events: 0 });
  });
});

describe("an entry", () => {
  it("without an ID is recognised by its link, and without a link by title and time", () => {
    const item = (text: string): Uint8Array =>
      Buffer.from(`<rss version="2.0"><channel><title>T</title><item>${text}</item></channel></rss>`);
    const identity = (text: string): string | null | undefined => parseFeed(item(text)).entries[0]?.identity;
    expect(identity("<title>A</title><link>https://a.example/1</link>")).toBe("https://a.example/1");
    expect(identity("<title>A</title><pubDate>Mon, 02 Mar 2026 00:00:00 GMT</pubDate>")).toBe(
      "A\nMon, 02 Mar 2026 00:00:00 GMT",
    );
  });

  it("of a feed in another encoding is decoded", () => {
    const xml = `<?xml version="1.0" encoding="ISO-8859-1"?><rss version="2.0"><channel><title>T</title><item><title>Grüße</title></item></channel></rss>`;
    expect(parseFeed(Buffer.from(xml, "latin1")).entries[0]?.json).toContain("Grüße");
  });

  it("cannot expand entities without limit", () => {
    const bomb = `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">]><rss version="2.0"><channel><title>T</title><item><title>&f;</title></item></channel></rss>`;
    let length = 0;
    try {
      length = parseFeed(Buffer.from(bomb)).entries[0]?.json.length ?? 0;
    } catch {
      // Rejected as a whole.
    }
    expect(length).toBeLessThan(100_000);
  });
});
