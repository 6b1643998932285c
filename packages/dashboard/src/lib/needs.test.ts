import { describe, expect, it } from "vitest";
import type { components } from "../api/schema.ts";
import { isPressing, needsOf } from "./needs.ts";

type Now = components["schemas"]["StatsNowOut"];

const AT = "2026-11-25T12:00:00.000Z";
const DAY_MS = 86_400_000;
const named = { endpointId: "ep_1", appId: "app_1", appUid: null, appName: "Acme", url: "https://acme.example/" };

function nowWith(days: readonly number[], troubles: readonly ("failing" | "disabled")[] = []): Now {
  const calm = { failingSince: null, disabledAt: null, failures: 0, due: 0 };
  return {
    at: AT,
    waiting: { due: 0, held: 0, later: 0, oldestDueAt: null, oldestWaitSeconds: 0, exact: true },
    dispatcher: { inFlight: 0, lanes: 0, queuedBytes: 0 },
    endpoints: {
      inTrouble: troubles.map((trouble) => ({ ...named, ...calm, trouble })),
      more: false,
      certificates: days.map((day) => ({
        ...named,
        validTo: new Date(Date.parse(AT) + day * DAY_MS).toISOString(),
      })),
    },
    sources: { inactive: [{ sourceId: "src_1", name: "GitHub", inactiveSince: AT }] },
  };
}

describe("what needs somebody", () => {
  it("is told worst first: a full disk and what is off before what can pass, and what is only good to know last", () => {
    const needs = needsOf(nowWith([20], ["failing", "disabled"]), 2);
    expect(needs.map(({ kind, tone }) => [kind, tone])).toEqual([
      ["disk", "bad"],
      ["endpoint", "bad"],
      ["endpoint", "warn"],
      ["source", "warn"],
      ["certificate", "info"],
    ]);
    expect(needs.filter(isPressing)).toHaveLength(4);
  });

  it("is a certificate from thirty days on, pressing from fourteen, and bad from seven and when it has ended", () => {
    const tones = needsOf(nowWith([-1, 7, 8, 14, 15]), null).filter(({ kind }) => kind === "certificate");
    expect(tones.map(({ tone }) => tone)).toEqual(["bad", "bad", "warn", "warn", "info"]);
  });
});
