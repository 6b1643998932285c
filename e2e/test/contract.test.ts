import { expect, test } from "vitest";
import { checkResponse, checkValue } from "../lib/contract.ts";

const APP = {
  id: "app_012345678901234567890123456",
  name: "A",
  createdAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:00.000Z",
  metadata: {},
};

const response = (status: number, body: unknown, contentType = "application/json") =>
  checkResponse({ method: "GET", path: "/api/v1/app/x", status, contentType, body: JSON.stringify(body) });

test("the contract check accepts a valid response", () => {
  expect(response(200, APP)).toEqual([]);
  expect(response(404, { code: "not_found", detail: "No." })).toEqual([]);
  expect(response(422, { detail: [{ loc: ["body"], msg: "No.", type: "value_error" }] })).toEqual([]);
});

test.each([
  ["an undocumented status", 202, APP],
  ["a missing field", 200, { ...APP, metadata: undefined }],
  ["a null where none may be", 200, { ...APP, name: null }],
  ["a wrong type", 200, { ...APP, metadata: { a: 1 } }],
  ["an id with another prefix", 200, { ...APP, id: APP.id.replace("app", "msg") }],
  ["a date without a zone", 200, { ...APP, createdAt: "2026-01-01T00:00:00" }],
  ["an error without a code", 404, { detail: "No." }],
  ["a broken rule in the form of other errors", 422, { code: "x", detail: "No." }],
  ["a failure of the server", 500, {}],
])("the contract check rejects %s", (_title, status, body) => {
  expect(response(status, body)).not.toEqual([]);
});

test("the contract check rejects another content type", () => {
  expect(response(200, APP, "application/json; charset=utf-8")).not.toEqual([]);
});

test("the contract check understands the notation of the inventory", () => {
  expect(checkValue("u16(1..)?", null, "")).toEqual([]);
  expect(checkValue("u16(1..)?", 0, "")).toHaveLength(1);
  expect(checkValue("string(..3)/slug/[](1..2){uniq}", ["a", "b"], "")).toEqual([]);
  expect(checkValue("string(..3)/slug/[](1..2){uniq}", ["a", "a"], "")).toHaveLength(1);
  expect(checkValue("string(..3)/slug/[](1..2){uniq}", [], "")).toHaveLength(1);
  expect(checkValue("string(..3)/slug/[](1..2){uniq}", ["a b"], "")).toHaveLength(1);
  expect(() => checkValue("nonsense", "x", "")).toThrow("not understood");
});
