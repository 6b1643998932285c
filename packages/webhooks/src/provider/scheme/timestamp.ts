import { checkFreshness } from "../../clock.ts";
import { WebhookError } from "../../errors.ts";
import { select } from "../select.ts";
import type { TimeReader } from "./signed.ts";

/** Unix milliseconds of a time as a provider writes it; `NaN` when it is not one. */
export type TimeParser = (text: string) => number;

/** Where a signed time is and how far it may be off. */
export interface TimestampOptions {
  /** Where it is; `field:` names a pair of the signature header. */
  readonly from: TimeReader["from"];
  /** How it is written: Unix seconds unless given. */
  readonly as?: TimeParser;
  /** Seconds it may be off. Absent: the provider names no window, and checking one is the caller's choice. */
  readonly tolerance?: number;
  /** Seconds it may lie in the future, when that differs. */
  readonly future?: number;
}

/** A time that the signature covers. */
export function signedTime({ from, as = seconds, tolerance = Infinity, future }: TimestampOptions): TimeReader {
  const [place, name = ""] = from.split(":");
  const details = place === "header" ? { headerName: name } : { field: name };
  return {
    from,
    as,
    read(context, fields) {
      const text = place === "field" ? fields.get(name) : select(context.inbound, from);
      if (!text) {
        throw new WebhookError(
          place === "header" ? "missing_header" : "missing_field",
          `There is no ${name}.`,
          details,
        );
      }
      const at = as(text);
      if (Number.isNaN(at)) throw new WebhookError("timestamp_invalid", `The ${name} is not a time.`, details);
      const clock = future === undefined ? context : { futureToleranceSeconds: future, ...context };
      checkFreshness(at, clock, tolerance, details);
      return { text, at };
    },
  };
}

/** Unix seconds, digits only. */
export const seconds: TimeParser = (text) => (/^\d{1,12}$/.test(text) ? Number(text) * 1000 : Number.NaN);

/** Unix milliseconds, digits only. */
export const milliseconds: TimeParser = (text) => (/^\d{1,15}$/.test(text) ? Number(text) : Number.NaN);

/** ISO 8601. Digits after the milliseconds, as Twitch sends them, are left to each engine by the language: dropped. */
export const iso: TimeParser = (text) =>
  /^\d{4}-\d\d-\d\d[T ]/.test(text) ? Date.parse(text.replace(/(\.\d{3})\d+/, "$1")) : Number.NaN;
