import { describe, expect, it } from "vitest";
import type { components } from "../api/schema.ts";
import { isUrgent, attentionItems } from "./attention.ts";

type Now = components["schemas"]["StatsNowOut"];

const AT = "2026-11-25T12:00:00.000Z";
const DAY_MS = 86_400_000;
const LEVELS = {
  failing: { level: "down", successPercent: null },
  degraded: { level: "degraded", successPercent: 80 },
} as const;
const named = { endpointId: "ep_1", appId: "app_1", appUid: null, appName: "Acme", url: "https://acme.example/" };

function nowWith(days: readonly number[], problems: readonly ("failing" | "degraded")[] = []): Now {
  const calm = { failingSince: null, disabledAt: null, failures: 0, due: 0 };
  return {
    at: AT,
    waiting: { due: 0, held: 0, later: 0, oldestDueAt: null, oldestWaitSeconds: 0, exact: true },
    dispatcher: { inFlight: 0, lanes: 0, queuedBytes: 0 },
    endpoints: {
      needingAttention: problems.map((problem) => ({ ...named, ...calm, problem, ...LEVELS[problem] })),
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
  it("are sorted by urgency: full disk and endpoints that are down, then degraded ones, then information", () => {
    const items = attentionItems(nowWith([20], ["degraded", "failing"]), 2);
    expect(items.map(({ kind, tone }) => [kind, tone])).toEqual([
      ["disk", "bad"],
      ["endpoint", "bad"],
      ["endpoint", "warn"],
      ["source", "warn"],
      ["certificate", "info"],
    ]);
    expect(items.filter(isUrgent)).toHaveLength(4);
  });

  it("rate a certificate as information from 30 days before its expiry, as a warning from 14 days, and as bad from 7 days and after it", () => {
    const tones = attentionItems(nowWith([-1, 7, 8, 14, 15]), null).filter(({ kind }) => kind === "certificate");
    expect(tones.map(({ tone }) => tone)).toEqual(["bad", "bad", "warn", "warn", "info"]);
  });

  it("list an endpoint that failed just now as information", () => {
    const now = nowWith([], ["failing"]);
    const [endpoint] = now.endpoints.needingAttention;
    const calm = {
      ...now,
      endpoints: { ...now.endpoints, needingAttention: [{ ...endpoint!, level: "notice" as const }] },
    };
    expect(
      attentionItems(calm, null)
        .filter(isUrgent)
        .map(({ kind }) => kind),
    ).toEqual(["source"]);
  });
});
