import { describe, expect, it } from "vitest";
import { compileFilter } from "../../filter/compile.ts";
import type { DirectoryApplication } from "../directory.ts";
import type { DirectoryEndpoint } from "../directory-endpoint.ts";
import {
  documentOf,
  matchableEndpoints,
  matchEndpoints,
  type MatchableMessage,
  mismatchOf,
  type MatchCriteria,
} from "./match.ts";

const ANY: MatchCriteria = { eventTypes: null, channels: null, filtered: false, filter: null };
const PAID: MatchCriteria = { ...ANY, filtered: true, filter: compileFilter('{"body":{"paid":true}}') };

function message(payload: object, more: Partial<MatchableMessage> = {}): MatchableMessage {
  return {
    id: "msg_1",
    eventType: "order.paid",
    eventId: null,
    channels: null,
    tags: null,
    payload: Buffer.from(JSON.stringify(payload)),
    contentType: "application/json",
    time: 0,
    ...more,
  };
}

/** An application with these endpoints, under the keys 1, 2, 3 …; the last one is the target of a replay to a URL. */
function applicationOf(endpoints: readonly MatchCriteria[]): DirectoryApplication {
  const own = endpoints.map((wants, index) => ({ ...wants, key: index + 1, oneOff: false }));
  const target = { ...ANY, eventTypes: new Set<string>(), key: own.length + 1, oneOff: true };
  return {
    endpoints: new Map([...own, target].map((endpoint) => [endpoint.key, endpoint as DirectoryEndpoint])),
  } as unknown as DirectoryApplication;
}

function reasonFor(endpoint: MatchCriteria, given: MatchableMessage): unknown {
  return mismatchOf(endpoint, given, () => documentOf(given));
}

describe("mismatchOf", () => {
  it("finds no mismatch for an endpoint without conditions", () => {
    expect(reasonFor(ANY, message({}))).toBeNull();
    expect(reasonFor(ANY, message({}, { channels: ["eu"] }))).toBeNull();
  });

  it("names the first condition that fails: event type, then channels, then filter", () => {
    const endpoint = { ...PAID, eventTypes: new Set(["order.paid"]), channels: new Set(["eu"]) };
    expect(reasonFor(endpoint, message({}, { eventType: "order.sent" }))).toEqual({ reason: "event_type" });
    expect(reasonFor(endpoint, message({}))).toEqual({ reason: "channels" });
    expect(reasonFor(endpoint, message({}, { channels: ["us"] }))).toEqual({ reason: "channels" });
    expect(reasonFor(endpoint, message({ paid: false }, { channels: ["us", "eu"] }))).toMatchObject({
      reason: "filter",
    });
    expect(reasonFor(endpoint, message({ paid: true }, { channels: ["eu"] }))).toBeNull();
  });

  it("reports a filter that cannot be evaluated on the body", () => {
    const text = message({}, { payload: Buffer.from("paid") });
    expect(reasonFor(PAID, text)).toEqual({ reason: "filter_error", code: "not_json" });
  });

  it("skips the filter when there is no document", () => {
    expect(mismatchOf(PAID, message({}), null)).toBeNull();
  });

  it("finds that the target of a replay to a URL subscribes to no event type", () => {
    expect(reasonFor({ ...ANY, eventTypes: new Set() }, message({}))).toEqual({ reason: "event_type" });
  });
});

describe("matchEndpoints", () => {
  it("returns the endpoints that get the message and the reasons for the others", () => {
    const application = applicationOf([ANY, { ...ANY, eventTypes: new Set(["order.sent"]) }, PAID]);
    expect(matchEndpoints(application, message({ paid: true }))).toEqual({
      endpointIds: [1, 3],
      unmatchedJson: '{"n":1,"event_type":[2]}',
    });
  });

  it("counts the target of a replay to a URL neither as matched nor as unmatched", () => {
    const application = applicationOf([ANY]);
    expect([...matchableEndpoints(application)].map(({ key }) => key)).toEqual([1]);
    expect(matchEndpoints(application, message({}))).toEqual({ endpointIds: [1], unmatchedJson: null });
  });
});
