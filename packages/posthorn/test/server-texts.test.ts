/** Each sentence that the server shows by a stable code has a German text in the dashboard and the portal. */
import { EGRESS_ERRORS } from "@posthorn/egress";
import { WEBHOOK_ERROR_CODES } from "@posthorn/webhooks";
import { describe, expect, it } from "vitest";
import { causes } from "../../dashboard/src/i18n/de/causes.ts";
import { server } from "../../dashboard/src/i18n/de/server.ts";
import { DESTINATION_ERROR_CODES } from "../src/destinations/kind.ts";
import { STATUS_SENTENCES } from "../src/domain/attempt/sentence.ts";

const { sentences, summaries } = server;

/** Codes of attempts whose sentence names details of the endpoint or its response. */
const WITH_DETAILS = ["redirect", "success_rule", "transform_failed", "format_failed", ...DESTINATION_ERROR_CODES];

function missing(codes: Iterable<string>, ...texts: readonly object[]): readonly string[] {
  return [...codes].filter((code) => !texts.some((group) => Object.hasOwn(group, code)));
}

describe("a German text exists", () => {
  it("for the sentence of each code that an attempt can fail with", () => {
    expect(missing(Object.keys(EGRESS_ERRORS), sentences.attempt)).toEqual([]);
    expect(missing(WITH_DETAILS, sentences.attempt, summaries.attempt)).toEqual([]);
  });

  it("for the short cause of each code that an attempt is recorded with", () => {
    const recorded = Object.entries(EGRESS_ERRORS).filter(([, { fault }]) => fault === "target" || fault === "refused");
    expect(missing([...recorded.map(([code]) => code), ...WITH_DETAILS], causes.causes)).toEqual([]);
  });

  it("for the sentence of each status, and for no other status", () => {
    const exact = Object.keys(sentences.status).filter((status) => /^\d+$/.test(status));
    expect(exact).toEqual(Object.keys(STATUS_SENTENCES));
  });

  it("for each reason of a rejected request", () => {
    expect(missing(WEBHOOK_ERROR_CODES, summaries.quarantine)).toEqual([]);
  });
});
