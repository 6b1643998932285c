import { describe, expect, it } from "vitest";
import { parseTraceContext, readTraceContext, traceContextFrom, traceHeaders } from "./trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const PARENT = `00-${TRACE}-${SPAN}-01`;

describe("trace context", () => {
  it("keeps trace, span, sampling and state of a publisher", () => {
    const stored = readTraceContext({ traceparent: PARENT, tracestate: "vendor=a,other=b" });
    expect(parseTraceContext(stored!)).toEqual({
      traceId: TRACE,
      spanId: SPAN,
      sampled: true,
      state: "vendor=a,other=b",
    });
    expect(traceHeaders(stored!)).toEqual(["traceparent", PARENT, "tracestate", "vendor=a,other=b"]);
  });

  it.each([
    ["all zeros as trace", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["all zeros as span", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["upper case", PARENT.toUpperCase()],
    ["the forbidden version", `ff-${TRACE}-${SPAN}-01`],
    ["more fields than version 00 has", `${PARENT}-more`],
    ["another length", `00-${TRACE}-${SPAN}1-01`],
    ["no text", ""],
  ])("ignores a traceparent with %s", (_, traceparent) => {
    expect(traceContextFrom(traceparent, "vendor=a")).toBeNull();
  });

  it("reads later versions by their known fields", () => {
    expect(traceContextFrom(`cc-${TRACE}-${SPAN}-03-what-else`, undefined)).toBe(`00-${TRACE}-${SPAN}-01`);
  });

  it.each([
    ["longer than 512 characters", `a=${"b".repeat(511)}`],
    ["with line breaks", "a=b\r\nx-injected: 1"],
    ["without a member", "nothing"],
  ])("drops a tracestate that is %s, and keeps the traceparent", (_, tracestate) => {
    expect(traceContextFrom(PARENT, tracestate)).toBe(PARENT);
  });
});
