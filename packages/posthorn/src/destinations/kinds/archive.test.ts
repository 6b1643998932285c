import { describe, expect, it } from "vitest";
import { message } from "../../../test/support/cloud-kinds.ts";
import {
  type ArchiveConfig,
  type ArchiveObject,
  archiveObject,
  checkArchive,
  keyPath,
  sharesObjects,
} from "./archive.ts";

const LINES: ArchiveConfig = {
  format: "jsonLines",
  key: "{year}/{month}/{day}/{hour}/{minute}/{eventType}/{id}.jsonl",
};
const SHARED: ArchiveConfig = { format: "jsonLines", key: "all/{id}" };

function object(config: ArchiveConfig, ...messages: Parameters<typeof archiveObject>[1]): ArchiveObject {
  const made = archiveObject(config, messages);
  expect(made.kind).toBe("object");
  return made as ArchiveObject;
}

describe("keys of objects", () => {
  it("follow from the message alone", () => {
    expect(object(LINES, message()).key).toBe("2026/11/27/12/34/invoice.paid/msg_2abc.jsonl");
  });

  it("name a batch by its messages, so that another batch has another key", () => {
    const ids = ["msg_1", "msg_2", "msg_3"].map((id) => message({ id }));
    const key = object(SHARED, ...ids).key;
    expect(key).toMatch(/^all\/msg_1-3-[0-9a-f]{16}$/);
    expect(object(SHARED, ...ids).key).toBe(key);
    expect(object(SHARED, ids[0]!, ids[1]!).key).not.toBe(key);
    expect(object(SHARED, ids[0]!, ids[2]!, ids[1]!).key).not.toBe(key);
  });

  it("cannot leave the folder of the event type", () => {
    for (const eventType of ["..", ".", "../../etc", "a/b", "%2e%2e", "\\"]) {
      const { key } = object({ format: "raw", key: "{eventType}/{id}" }, message({ eventType }));
      const url = new URL(`https://bucket.example.com/${keyPath(key)}`);
      expect(decodeURIComponent(url.pathname)).toBe(`/${key}`);
      expect(url.pathname.split("/")).toHaveLength(3);
    }
  });

  it.each([
    ["{year}.json", /must contain \{id\}/],
    ["{id}/{user}", /\{user\} is not a placeholder/],
    ["/{id}", /slash/],
    ["{id}/", /slash/],
    ["a//{id}", /slash/],
    ["a/../{id}", /slash/],
    ["./{id}", /slash/],
    ["{{id}", /brace/],
    ["{id}\\x", /backslash/],
  ])("cannot have the template %s", (key, problem) => {
    expect(checkArchive({ format: "raw", key })).toMatchObject({
      field: "key",
      problem: expect.stringMatching(problem) as string,
    });
  });

  it("are rejected if they are longer than a service allows", () => {
    expect(archiveObject({ format: "raw", key: `${"é".repeat(600)}/{id}` }, [message()])).toMatchObject({
      kind: "refused",
    });
  });
});

describe("objects", () => {
  it("have a line for each message, with its JSON unchanged", () => {
    const one = message({
      id: "msg_1",
      text: '{\n  "big": 12345678901234567890,\r\n  "exact": 1.0, "b": 1, "a": 2\n}',
    });
    const two = message({ id: "msg_2", eventId: "evt_1", text: "[1]" });
    const { body, contentType } = object(SHARED, one, two);
    expect(contentType).toBe("application/x-ndjson");
    expect(Buffer.from(body).toString()).toBe(
      '{"id":"msg_1","eventType":"invoice.paid","timestamp":"2026-11-27T12:34:56.789Z","payload":{   "big": 12345678901234567890,   "exact": 1.0, "b": 1, "a": 2 }}\n' +
        '{"id":"msg_2","eventType":"invoice.paid","eventId":"evt_1","timestamp":"2026-11-27T12:34:56.789Z","payload":[1]}\n',
    );
  });

  it("identify a payload that is not JSON", () => {
    const text = message({ text: "a,b\n1,2\n", contentType: "text/csv" });
    const bytes = message({ body: Buffer.from([0xff, 0x0a]), contentType: "" });
    const lines = Buffer.from(object(SHARED, text, bytes).body)
      .toString()
      .trimEnd()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { contentType: "text/csv", payloadText: "a,b\n1,2\n" },
      { payloadBase64: "/wo=" },
    ]);
  });

  it("are the body itself in the format raw", () => {
    const body = Buffer.from([0, 255, 10]);
    expect(object({ format: "raw", key: "{id}" }, message({ body, contentType: "image/png" }))).toMatchObject({
      body,
      contentType: "image/png",
    });
  });

  it("are shared by messages only if their format and key allow it", () => {
    expect(sharesObjects(SHARED)).toBe(true);
    expect(sharesObjects(LINES)).toBe(false);
    expect(sharesObjects({ format: "raw", key: "{id}" })).toBe(false);
  });
});
