/** Items that need attention, for the health sentence and the list of the overview. */
import type { components } from "../api/schema.ts";
import type { Tone } from "../components/badge.tsx";
import { DISK_WARNING_DAYS } from "./disk-forecast.ts";

type Now = components["schemas"]["StatsNowOut"];
export type AttentionEndpoint = Now["endpoints"]["needingAttention"][number];
export type EndingCertificate = Now["endpoints"]["certificates"][number];
export type InactiveSource = Now["sources"]["inactive"][number];

export type AttentionItem =
  | { readonly kind: "disk"; readonly tone: Tone; readonly days: number }
  | { readonly kind: "endpoint"; readonly tone: Tone; readonly endpoint: AttentionEndpoint }
  | { readonly kind: "certificate"; readonly tone: Tone; readonly certificate: EndingCertificate }
  | { readonly kind: "source"; readonly tone: Tone; readonly source: InactiveSource };

const DAY_MS = 86_400_000;
/** Days before its expiry at which a certificate is urgent, and at which it needs attention. */
const ENDS_NOW_DAYS = 7;
const ENDS_SOON_DAYS = 14;
/** Tones of the levels of the server. */
export const LEVEL_TONES: Readonly<Record<AttentionEndpoint["level"], Tone>> = {
  down: "bad",
  degraded: "warn",
  notice: "info",
};
const ORDER: readonly Tone[] = ["bad", "warn", "info", "good", "neutral"];

export function attentionItems(now: Now, fullInDays: number | null): readonly AttentionItem[] {
  const items: AttentionItem[] = [
    ...(fullInDays !== null && fullInDays < DISK_WARNING_DAYS
      ? [{ kind: "disk", tone: "bad", days: fullInDays } as const]
      : []),
    ...now.endpoints.needingAttention.map((endpoint) => {
      return { kind: "endpoint", tone: LEVEL_TONES[endpoint.level], endpoint } as const;
    }),
    ...now.endpoints.certificates.map((certificate) => {
      return { kind: "certificate", tone: toneOfEnd(certificate.validTo, now.at), certificate } as const;
    }),
    ...now.sources.inactive.map((source) => ({ kind: "source", tone: "warn", source }) as const),
  ];
  return items.toSorted((a, b) => ORDER.indexOf(a.tone) - ORDER.indexOf(b.tone));
}

/** Tone of a certificate by the time left until it expires. */
export function toneOfEnd(validTo: string, at: string): Tone {
  const days = (Date.parse(validTo) - Date.parse(at)) / DAY_MS;
  return days <= ENDS_NOW_DAYS ? "bad" : days <= ENDS_SOON_DAYS ? "warn" : "info";
}

/** Whether an item needs action soon. Other items are informational. */
export function isUrgent({ tone }: AttentionItem): boolean {
  return tone === "bad" || tone === "warn";
}
