import { expect, test } from "vitest";
import {
  changedTarget,
  type DestinationField,
  groupedKinds,
  matchingKinds,
  targetName,
  toConfig,
} from "./destination-config.ts";

const field = (
  name: string,
  type: DestinationField["type"],
  more: Partial<DestinationField> = {},
): DestinationField => ({
  name,
  type,
  label: name,
  help: "",
  required: false,
  secret: false,
  isTarget: false,
  default: null,
  example: null,
  ...more,
});

test("a configuration has typed values, leaves empty secrets out, and resets other empty fields", () => {
  const fields = [
    field("a", "text"),
    field("b", "integer"),
    field("c", "boolean"),
    field("d", "text", { secret: true }),
    field("e", "text"),
    field("f", "text", { multiline: true }),
  ];
  const values = {
    "config.a": " x ",
    "config.b": "7",
    "config.c": "on",
    "config.d": "",
    "config.e": "",
    "config.f": "1\r\n 2\r\n",
  };
  expect(toConfig(fields, values)).toEqual({ a: "x", b: 7, c: true, e: null, f: "1\n 2" });
});

test("a stored secret is removed only on request", () => {
  const fields = [field("a", "text", { secret: true }), field("b", "text", { secret: true })];
  expect(toConfig(fields, { "config.a": "", "config.b": "", "remove.b": "on" })).toEqual({ b: null });
  expect(toConfig(fields, { "config.b": "new", "remove.b": "on" })).toEqual({ b: "new" });
});

test("a changed field that decides where secrets are sent is found", () => {
  const fields = [
    field("host", "text", { isTarget: true }),
    field("port", "integer", { isTarget: true }),
    field("tls", "boolean", { isTarget: true }),
    field("url", "url", { isTarget: true, secret: true }),
    field("note", "text"),
  ];
  const stored = { host: "a.example", port: 5671, tls: true, note: null };
  const same = { "config.host": " a.example ", "config.port": "5671", "config.tls": "on", "config.url": "" };
  const changed = (values: Record<string, string>) => changedTarget(fields, stored, { ...same, ...values })?.name;
  expect(changed({})).toBeUndefined();
  expect(changed({ "config.note": "x" })).toBeUndefined();
  expect(changed({ "config.host": "b.example" })).toBe("host");
  expect(changed({ "config.port": "" })).toBe("port");
  expect(changed({ "config.tls": "" })).toBe("tls");
  expect(changed({ "config.url": "https://b.example" })).toBe("url");
});

test("kinds are found by name, summary and group in both languages", () => {
  const kind = (name: string, group: string) => ({ name, searched: `${name} posts events`, group });
  const kinds = [kind("slack", "chat"), kind("sqs", "queue"), kind("teams", "chat")];
  const found = (query: string) =>
    matchingKinds(kinds, query, (group) => (group === "queue" ? "Warteschlange" : group)).map(({ name }) => name);
  expect(found("CHAT posts")).toEqual(["slack", "teams"]);
  expect(found("warte")).toEqual(["sqs"]);
  expect(found("queue")).toEqual(["sqs"]);
  expect(found("nothing")).toEqual([]);
  expect(groupedKinds(kinds).map(([group, members]) => [group, members.length])).toEqual([
    ["chat", 2],
    ["queue", 1],
  ]);
});

test("a target is named without its scheme and its hidden parts", () => {
  expect(targetName("https://sqs.eu-central-1.amazonaws.com/1/orders")).toBe("sqs.eu-central-1.amazonaws.com/1/orders");
  expect(targetName("kafka://broker:9092/orders/")).toBe("broker:9092/orders");
  expect(targetName("https://hooks.slack.com/services/T1/B1/****")).toBe("hooks.slack.com/services/T1/B1");
  expect(targetName("polling:")).toBe("");
});
