import { describe, expect, it } from "vitest";
import { previewDestination } from "../../../src/domain/endpoint/preview-destination.ts";
import { CONFIGS, CREATED_AT } from "./messages.ts";

function preview(kind: string, config: Readonly<Record<string, unknown>>, payload: unknown) {
  const body = Buffer.from(JSON.stringify(payload));
  return previewDestination(
    { kind, config, eventType: "invoice.paid", contentType: "application/json", body },
    CREATED_AT,
  );
}

describe("a preview", () => {
  it.each(Object.keys(CONFIGS))("of %s needs no configuration, and shows the request", (kind) => {
    expect(preview(kind, {}, { amount: 12 })).toMatchObject({
      kind: "preview",
      refusal: null,
      body: expect.any(String) as string,
    });
  });

  it("shows the card of the templates, and the problems of a template that is not finished", () => {
    expect(preview("slack", { title: "{{ body.amount }} EUR", fields: "" }, { amount: 12 })).toMatchObject({
      card: { title: "12 EUR", fields: [{ name: "Amount", value: "12" }], severity: "success", link: null },
    });
    expect(preview("slack", { title: "{{ body" }, {})).toMatchObject({
      kind: "invalid",
      problems: [{ field: "title" }],
    });
  });

  it("has no card for kinds that send the event itself", () => {
    expect(preview("cloudEvents", {}, { a: 1 })).toMatchObject({ card: null, body: '{"a":1}' });
    expect(preview("http", {}, { a: 1 })).toMatchObject({ card: null, body: null });
    expect(preview("nothing", {}, {})).toEqual({ kind: "unknown_kind" });
  });
});
