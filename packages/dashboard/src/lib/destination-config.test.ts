import { expect, test } from "vitest";
import {
  type DestinationField,
  type DestinationKind,
  groupedKinds,
  matchingKinds,
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

test("kinds are found by name, summary and group", () => {
  const kind = (name: string, group: string): DestinationKind =>
    ({ kind: name, title: name, summary: "Posts events", group }) as DestinationKind;
  const kinds = [kind("slack", "chat"), kind("sqs", "queue"), kind("teams", "chat")];
  expect(matchingKinds(kinds, "CHAT posts").map(({ kind: name }) => name)).toEqual(["slack", "teams"]);
  expect(matchingKinds(kinds, "nothing")).toEqual([]);
  expect(groupedKinds(kinds).map(([group, members]) => [group, members.length])).toEqual([
    ["chat", 2],
    ["queue", 1],
  ]);
});
