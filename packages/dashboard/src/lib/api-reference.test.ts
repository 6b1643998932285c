import { beforeAll, describe, expect, it } from "vitest";
import { publishedDocument } from "../../../posthorn/src/api/document.ts";
import {
  type ApiDocument,
  exampleOf,
  fieldsOf,
  matchingOperations,
  type Operation,
  operationsOf,
  requestOf,
  typeText,
} from "./api-reference.ts";

const SERVER = "https://posthorn.example/hooks";
let document: ApiDocument;
let operations: readonly Operation[];

beforeAll(async () => {
  document = JSON.parse(JSON.stringify(await publishedDocument(SERVER))) as ApiDocument;
  operations = operationsOf(document);
});

const operation = (id: string): Operation => operations.find((one) => one.id === id)!;

describe("the operations of the document", () => {
  it("are all there once, in the order of its tags", () => {
    const documented = Object.values(document.paths).flatMap((methods) => Object.keys(methods));
    expect(operations.length).toBe(documented.length);
    expect(new Set(operations.map(({ id }) => id)).size).toBe(documented.length);
    const order = document.tags!.map(({ name }) => name);
    expect([...new Set(operations.map(({ tag }) => tag))]).toEqual(
      order.filter((name) => operations.some(({ tag }) => tag === name)),
    );
  });

  it("are found by words of their path, summary and method", () => {
    const found = matchingOperations(operations, "post PUBLISH a message");
    expect(found.map(({ id }) => id)).toContain("v1.message.create");
    expect(matchingOperations(operations, "no-such-operation")).toEqual([]);
  });

  it("have an example for every JSON body, in which every required field is present", () => {
    const { schemas } = document.components;
    const faults = operations.flatMap(({ id, body }) => {
      if (body === null) return [];
      const example = exampleOf(body, schemas);
      const required = body.anyOf === undefined ? fieldsOf(body, schemas).filter(({ isRequired }) => isRequired) : [];
      const isComplete = Array.isArray(example) || required.every(({ name }) => Object.hasOwn(example as object, name));
      return isComplete ? [] : [id];
    });
    expect(faults).toEqual([]);
  });

  it("cannot be tried when they use a stream, a socket, a file or a form", () => {
    const bySignature = (method: string, path: string): Operation =>
      operations.find((one) => one.method === method && one.path === path)!;
    expect(operation("v1.live").canBeTried).toBe(false);
    expect(bySignature("GET", "/api/v1/relay/socket").canBeTried).toBe(false);
    expect(bySignature("POST", "/websub").canBeTried).toBe(false);
    expect(bySignature("GET", "/api/v1/audit/export").canBeTried).toBe(false);
    expect(operation("v1.message.create").canBeTried).toBe(true);
    expect(operation("v1.application.delete").canBeTried).toBe(true);
  });
});

describe("the session", () => {
  it("is needed by operations that can respond with 401, and by no others", () => {
    for (const { id, needsToken, responses } of operations)
      expect([id, needsToken]).toEqual([id, responses.some(({ status }) => status === "401")]);
  });
});

describe("a schema", () => {
  it("is described in a few words", () => {
    expect(typeText({ type: ["string", "null"], format: "date-time" })).toBe("string (date-time) | null");
    expect(typeText({ anyOf: [{ $ref: "#/components/schemas/ApplicationIn" }, { type: "null" }] })).toBe(
      "ApplicationIn | null",
    );
    expect(typeText({ type: "array", items: { enum: ["a", "b"] } })).toBe('array of "a" | "b"');
    expect(typeText({})).toBe("any");
  });

  it("that contains itself has an example that ends", () => {
    const schemas = { Tree: { type: "object", required: ["child"], properties: { child: { $ref: "#/s/Tree" } } } };
    expect(JSON.stringify(exampleOf({ $ref: "#/s/Tree" }, schemas))).toContain('"child":null');
    expect(exampleOf({ $ref: "#/s/Missing" }, schemas)).toBe(null);
  });
});

describe("a request", () => {
  it("has its parameters encoded in the path, in the query and in headers, and leaves out empty ones", () => {
    const values = { app_id: "a/b", with_content: "false", "idempotency-key": "k 1", limit: "" };
    expect(requestOf(operation("v1.message.create"), { server: SERVER, values })).toEqual({
      url: `${SERVER}/api/v1/app/a%2Fb/msg?with_content=false`,
      headers: { "idempotency-key": "k 1" },
    });
  });

  it("keeps the braces of a path parameter without a value", () => {
    const { url } = requestOf(operation("v1.message.create"), { server: SERVER, values: {} });
    expect(url).toBe(`${SERVER}/api/v1/app/{app_id}/msg`);
  });
});
