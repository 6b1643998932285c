import { describe, expect, it } from "vitest";
import { checksumOf, normalizeSql } from "./checksum.ts";
import { CHECKSUMS } from "./checksums.generated.ts";
import { migrationChecksum, MIGRATIONS } from "./list.ts";
import { migrationFor } from "./portable.ts";

const SQL = `CREATE TABLE widget (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'a  b') STRICT;
CREATE INDEX widget_name ON widget (name) WHERE id>=0;`;

const FUNCTION = `CREATE FUNCTION f(a bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  RETURN a + 1;
END $$;`;

describe("a checksum stays the same", () => {
  it.each([
    ["line breaks", SQL.replaceAll(", ", ",\n  ")],
    ["Windows line ends", SQL.replaceAll("\n", "\r\n")],
    ["white space around signs", SQL.replaceAll("(", " ( ").replace(">=", " >= ")],
    ["line comments", `-- First.\n${SQL.replace(";\n", "; -- it's the table\n")}`],
    ["block comments", SQL.replace("widget_name", "/* by; 'name */ widget_name")],
    ["a missing last semicolon and empty statements", `;\n${SQL.slice(0, -1)};;`],
  ])("for %s", (_, changed) => {
    expect(changed).not.toBe(SQL);
    expect(checksumOf(changed)).toBe(checksumOf(SQL));
  });

  it("for the layout and comments of a function body", () => {
    const changed = FUNCTION.replace("RETURN a", "-- Adds one.\n\n\tRETURN  a");
    expect(checksumOf(changed)).toBe(checksumOf(FUNCTION));
  });
});

describe("a checksum changes", () => {
  it.each([
    ["a column", SQL.replace("NOT NULL ", "")],
    ["white space in a text", SQL.replace("a  b", "a b")],
    ["a comment sign in a text", SQL.replace("a  b", "a -- b")],
    ["an operator", SQL.replace(">=", "> =")],
    ["the order of statements", SQL.split("\n").toReversed().join("\n")],
    ["a statement that only became a comment", SQL.replace("\nCREATE", "\n-- CREATE")],
  ])("for %s", (_, changed) => {
    expect(changed).not.toBe(SQL);
    expect(checksumOf(changed)).not.toBe(checksumOf(SQL));
  });

  it("for a statement in a function body", () => {
    expect(checksumOf(FUNCTION.replace("a + 1", "a + 2"))).not.toBe(checksumOf(FUNCTION));
  });
});

it("a statement after a single minus sign is not treated as a comment", () => {
  expect(normalizeSql("SELECT 1 - -1; SELECT 2")).toBe("SELECT 1 - - 1;\nSELECT 2;");
});

/** First digits of the checksums for SQLite and PostgreSQL. Add a line when a migration is released, and never change one. */
const RELEASED: readonly (readonly [name: string, sqlite: string, postgres: string])[] = [
  ["initial", "442716811646", "2116819d34cc"],
  ["engine", "f9428918b54b", "f0ab71286760"],
  ["health", "3460c509c0f6", "5c202875ec61"],
  ["filters", "2e3121d9eb23", "518126e0fb17"],
  ["replay", "f6a2901d3089", "d31336d3b695"],
  ["messages", "9909b0ccc58c", "888d579f8d4a"],
  ["sources", "8697698d9fe4", "05975fff9f64"],
  ["source watch", "6867f3d0d08a", "12ce92264df8"],
  ["flow", "3aa91a2de654", "7a1f16c6ddf7"],
  ["captures", "0b8b03c0a510", "a1957625115b"],
  ["outbox", "e60c7119b3c1", "adbe37126306"],
  ["nodes", "e3b0c44298fc", "ab971f0ad196"],
  ["node lag", "e3b0c44298fc", "ac925c5474d5"],
  ["table sources", "e3b0c44298fc", "9abcc30516ce"],
  ["failure rate", "95e74e220ba1", "f3a670958783"],
  ["due order", "e3b0c44298fc", "1d03e3e30160"],
  ["certificates", "b7244cdab2df", "f8c872073856"],
  ["minutes", "962e168ade73", "766b0e4fc612"],
  ["canceled deliveries", "f163b92c76b8", "f163b92c76b8"],
  ["outbox parked", "2e1f89505b57", "a4c715f70a47"],
  ["message labels", "d2caec77b086", "ee4d46a46530"],
];

it("every released migration still has the statements with which it was released", () => {
  const found = MIGRATIONS.slice(0, RELEASED.length).map(({ name, sql }) => [
    name,
    checksumOf(migrationFor("sqlite", sql)).slice(0, 12),
    checksumOf(migrationFor("postgres", sql)).slice(0, 12),
  ]);
  expect(found).toEqual(RELEASED);
});

it.each(["sqlite", "postgres"] as const)("the recorded checksums are those of the statements (%s)", (database) => {
  const recorded = MIGRATIONS.map(({ name }, index) => [name, migrationChecksum(database, index + 1)]);
  const computed = MIGRATIONS.map(({ name, sql }) => [name, checksumOf(migrationFor(database, sql))]);
  expect(recorded, "run `npm run generate:schema`").toEqual(computed);
  expect(Object.keys(CHECKSUMS), "run `npm run generate:schema`").toEqual(MIGRATIONS.map(({ name }) => name));
});
