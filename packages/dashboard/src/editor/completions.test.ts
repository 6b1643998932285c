import { compileFilter } from "../../../posthorn/src/filter/compile.ts";
import { DOCUMENT_ROOTS } from "../../../posthorn/src/filter/document.ts";
import { OPERATORS as KNOWN } from "../../../posthorn/src/filter/operators.ts";
import { describe, expect, it } from "vitest";
import { en } from "../i18n/en.ts";
import { filterNames, OPERATORS, payloadNames, schemaNames, valuesOf, WEBHOOK_MEMBERS } from "./completions.ts";

const PATHS = ["body.order.total", "body.order.lines[*].sku", 'body."first name"', "eventType"];

function labels(suggestions: readonly { readonly label: string }[]): readonly string[] {
  return suggestions.map(({ label }) => label);
}

describe("suggestions in a filter", () => {
  it("are the operators that the server knows, without the aliases of two", () => {
    const groups = ["$and", "$or", "$not"];
    const known = [...KNOWN.keys(), ...groups].filter((name) => name !== "$exist");
    expect(OPERATORS.map((name) => `$${name}`).toSorted()).toEqual(known.toSorted());
    for (const name of groups) {
      const operand = name === "$not" ? {} : [{}];
      expect(() => compileFilter(JSON.stringify({ [name]: operand }), DOCUMENT_ROOTS)).not.toThrow();
    }
  });

  it("are the roots and groups at the top, and the next names below", () => {
    expect(labels(filterNames([], PATHS))).toEqual(["body", "eventType", "$and", "$or", "$not"]);
    expect(labels(filterNames(["$or", "body", "order"], PATHS)).slice(0, 3)).toEqual(["total", "lines", "$eq"]);
    expect(labels(filterNames(["body", "order", "lines"], PATHS))[0]).toBe("[*]");
  });
});

describe("suggestions in other code", () => {
  it("are the names of the payload that can follow a dot", () => {
    expect(labels(payloadNames([], PATHS))).toEqual(["order"]);
    expect(labels(payloadNames(["order"], PATHS))).toEqual(["total", "lines"]);
  });

  it("are keywords of JSON Schema, but not where the author names properties", () => {
    expect(labels(schemaNames([]))).toContain("properties");
    expect(schemaNames(["properties"])).toEqual([]);
    expect(labels(schemaNames(["properties", "properties"]))).toContain("type");
    expect(valuesOf("schema", "type")).toContain('"integer"');
    expect(valuesOf(null, "type")).toEqual([]);
  });

  it("each have a text", () => {
    expect(Object.keys(en.editor.operators)).toEqual([...OPERATORS]);
    expect(Object.keys(en.editor.webhook)).toEqual([...WEBHOOK_MEMBERS]);
  });
});
