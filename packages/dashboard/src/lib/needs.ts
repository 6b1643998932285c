/** What somebody should look at, worst first: what home says in a sentence and lists below. */
import type { components } from "../api/schema.ts";
import type { Tone } from "../components/badge.tsx";
import { DISK_DAYS } from "./disk.ts";
import { TROUBLE_TONES } from "./troubles.ts";

type Now = components["schemas"]["StatsNowOut"];
export type EndpointTrouble = Now["endpoints"]["inTrouble"][number];
export type EndingCertificate = Now["endpoints"]["certificates"][number];
export type InactiveSource = Now["sources"]["inactive"][number];

export type Need =
  | { readonly kind: "disk"; readonly tone: Tone; readonly days: number }
  | { readonly kind: "endpoint"; readonly tone: Tone; readonly trouble: EndpointTrouble }
  | { readonly kind: "certificate"; readonly tone: Tone; readonly certificate: EndingCertificate }
  | { readonly kind: "source"; readonly tone: Tone; readonly source: InactiveSource };

const DAY_MS = 86_400_000;
/** Days before its end at which a certificate is nearly too late, and at which one should have been renewed. */
const ENDS_NOW_DAYS = 7;
const ENDS_SOON_DAYS = 14;
const ORDER: readonly Tone[] = ["bad", "warn", "info", "good", "neutral"];

export function needsOf(now: Now, fullInDays: number | null): readonly Need[] {
  const needs: Need[] = [
    ...(fullInDays !== null && fullInDays < DISK_DAYS
      ? [{ kind: "disk", tone: "bad", days: fullInDays } as const]
      : []),
    ...now.endpoints.inTrouble.map((trouble) => {
      return { kind: "endpoint", tone: TROUBLE_TONES[trouble.trouble], trouble } as const;
    }),
    ...now.endpoints.certificates.map((certificate) => {
      return { kind: "certificate", tone: toneOfEnd(certificate.validTo, now.at), certificate } as const;
    }),
    ...now.sources.inactive.map((source) => ({ kind: "source", tone: "warn", source }) as const),
  ];
  return needs.toSorted((a, b) => ORDER.indexOf(a.tone) - ORDER.indexOf(b.tone));
}

/** How near the end of a certificate is. */
export function toneOfEnd(validTo: string, at: string): Tone {
  const days = (Date.parse(validTo) - Date.parse(at)) / DAY_MS;
  return days <= ENDS_NOW_DAYS ? "bad" : days <= ENDS_SOON_DAYS ? "warn" : "info";
}

/** Whether it should be done soon; the rest is only good to know. */
export function isPressing({ tone }: Need): boolean {
  return tone === "bad" || tone === "warn";
}
