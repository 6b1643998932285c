import { describe, expect, it } from "vitest";
import type { Attempt } from "./attempt.ts";
import type { AttemptFacts } from "./detail.ts";
import { warningsOf } from "./warnings.ts";

const DAY = 86_400_000;
const AT = Date.UTC(2026, 0, 1);

function warned(attempt: Partial<Attempt>, facts: Partial<AttemptFacts>): readonly string[] {
  const response = { headers: [], headersCut: false, truncated: false, bodyError: null };
  const all = { tls: null, response, ...facts } as AttemptFacts;
  return warningsOf({ status: 0, response: "", timestamp: AT, ...attempt } as Attempt, all).map(({ code }) => code);
}

function certificate(days: number): Partial<AttemptFacts> {
  return { tls: { protocol: "TLSv1.3", certificateValidTo: AT + days * DAY } };
}

describe("a warning", () => {
  it("is raised when the certificate had less than 14 days left at the time of the attempt", () => {
    expect(warned({}, certificate(14))).toEqual([]);
    expect(warned({}, certificate(13.9))).toEqual(["certificate_expires"]);
    expect(warned({ status: 2 }, certificate(1))).toEqual(["certificate_expires"]);
  });

  it.each([
    '{"ok" : false}',
    "Webhook message delivery failed with error: …",
    '{"data":null,"errors":[{"message":"no"}]}',
    '{"jsonrpc":"2.0","error":{"code":-32600}}',
  ])("is raised when a success looks like a failure: %s", (response) => {
    expect(warned({ response }, {})).toEqual(["success_doubtful"]);
    expect(warned({ response, status: 2 }, {})).toEqual([]);
  });

  it("is raised when a success is an HTML page, but not when it is only declared as HTML, as by Slack", () => {
    const html = { headers: ["Content-Type", "text/html; charset=utf-8"], headersCut: false, truncated: false };
    const response = { ...html, bodyError: null };
    expect(warned({ response: "\n<!doctype html>" }, { response })).toEqual(["success_doubtful"]);
    expect(warned({ response: "ok" }, { response })).toEqual([]);
  });

  it.each(['{"ok":true}', "", "ok", '{"errors":[]}', '{"error":null}', "no errors here"])(
    "is not raised for a response that shows no sign of failure: %s",
    (response) => expect(warned({ response }, {})).toEqual([]),
  );

  it("is raised when the response was truncated or broke off", () => {
    const response = { headers: [], headersCut: false, truncated: true, bodyError: null };
    expect(warned({}, { response })).toEqual(["response_cut"]);
    expect(warned({}, { response: { ...response, truncated: false, bodyError: "reset" } })).toEqual(["response_cut"]);
  });
});
