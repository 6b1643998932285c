import { describe, expect, it } from "vitest";
import type { components } from "../api/schema.ts";
import { isUrgent, attentionItems, toneOfEndpoint } from "./attention.ts";

type Now = components["schemas"]["StatsNowOut"];

const AT = "2026-11-25T12:00:00.000Z";
const DAY_MS = 86_400_000;
const named = { endpointId: "ep_1", appId: "app_1", appUid: null, appName: "Acme", url: "https://acme.example/" };

function nowWith(days: readonly number[], problems: readonly ("failing" | "disabled")[] = []): Now {
  const calm = { failingSince: null, disabledAt: null, failures: 0, due: 0 };
  return {
    at: AT,
    waiting: { due: 0, held: 0, later: 0, oldestDueAt: null, oldestWaitSeconds: 0, exact: true },
    dispatcher: { inFlight: 0, lanes: 0, queuedBytes: 0 },
    endpoints: {
      needingAttention: problems.map((problem) => ({ ...named, ...calm, problem })),
      more: false,
      certificates: days.map((day) => ({
        ...named,
        validTo: new Date(Date.parse(AT) + day * DAY_MS).toISOString(),
      })),
    },
    sources: { inactive: [{ sourceId: "src_1", name: "GitHub", inactiveSince: AT }] },
  };
}

describe("the items that need attention", () => {
  it("are sorted by urgency: full disk and disabled endpoints, then warnings, then information", () => {
    const items = attentionItems(nowWith([20], ["failing", "disabled"]), 2);
    expect(items.map(({ kind, tone }) => [kind, tone])).toEqual([
      ["disk", "bad"],
      ["endpoint", "bad"],
      ["endpoint", "warn"],
      ["source", "warn"],
      ["certificate", "info"],
    ]);
    expect(items.filter(isUrgent)).toHaveLength(4);
  });

  it("rate a certificate as information up to 30 days before its expiry, as a warning from 14, and as bad from 7 and after it", () => {
    const tones = attentionItems(nowWith([-1, 7, 8, 14, 15]), null).filter(({ kind }) => kind === "certificate");
    expect(tones.map(({ tone }) => tone)).toEqual(["bad", "bad", "warn", "warn", "info"]);
  });

  it("rate a failing endpoint as information until it has failed five times or for ten minutes, or deliveries are due", () => {
    const [endpoint] = nowWith([], ["failing"]).endpoints.needingAttention;
    const toneOf = (failures: number, minutes: number, due = 0) => {
      const failingSince = new Date(Date.parse(AT) - minutes * 60_000).toISOString();
      return toneOfEndpoint({ ...endpoint!, failures, failingSince, due }, AT);
    };
    expect([toneOf(1, 0), toneOf(4, 9)]).toEqual(["info", "info"]);
    expect([toneOf(5, 0), toneOf(1, 10), toneOf(1, 0, 3)]).toEqual(["warn", "warn", "warn"]);
    expect(toneOfEndpoint({ ...endpoint!, problem: "disabled" }, AT)).toBe("bad");
  });
});
