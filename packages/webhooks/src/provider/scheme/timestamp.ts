import { checkFreshness } from "../../clock.ts";
import { WebhookError } from "../../errors.ts";
import { select } from "../select.ts";
import type { TimeReader } from "./signed.ts";

/** Parses a time as a provider writes it to milliseconds since the Unix epoch; `NaN` when it is not one. */
export type TimeParser = (text: string) => number;

/** Location and tolerance of a signed timestamp. */
export interface TimestampOptions {
  /** Location: a selector, or `field:` and the name of a pair in the signature header. */
  readonly from: TimeReader["from"];
  /** Format. Defaults to Unix seconds. */
  readonly as?: TimeParser;
  /**
   * Maximum age in seconds. Absent when the provider defines none: then only a caller's `toleranceSeconds` is
   * checked.
   */
  readonly tolerance?: number;
  /** Maximum distance into the future in seconds, if it differs. */
  readonly future?: number;
}

/**
 * Describes a timestamp that the signature covers.
 *
 * @param options Location, format and tolerance.
 * @returns A reader for the `timestamp` option of {@link hmac} and {@link asymmetric}.
 *
 * @example
 *
 * ```ts
 * import { iso, signedTime } from "@posthorn/webhooks/provider";
 *
 * const timestamp = signedTime({ from: "header:x-acme-time", as: iso, tolerance: 300 });
 * console.log(timestamp.from); // header:x-acme-time
 * ```
 */
export function signedTime(options: TimestampOptions): TimeReader {
  const { from, as = seconds, tolerance = Infinity, future } = options;
  const [place, name = ""] = from.split(":");
  const details = place === "header" ? { headerName: name } : { field: name };
  return {
    from,
    as,
    ...(options.tolerance === undefined ? {} : { tolerance: options.tolerance }),
    read(context, fields) {
      const text = place === "field" ? fields.get(name) : select(context.inbound, from);
      if (!text) {
        throw new WebhookError(
          place === "header" ? "missing_header" : "missing_field",
          `The request has no ${name}.`,
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

/** Parses Unix seconds, digits only. */
export const seconds: TimeParser = (text) => (/^\d{1,12}$/.test(text) ? Number(text) * 1000 : Number.NaN);

/** Parses Unix milliseconds, digits only. */
export const milliseconds: TimeParser = (text) => (/^\d{1,15}$/.test(text) ? Number(text) : Number.NaN);

/**
 * Parses ISO 8601. Digits after the milliseconds, as Twitch sends them, are dropped because engines treat them
 * differently.
 */
export const iso: TimeParser = (text) =>
  /^\d{4}-\d\d-\d\d[T ]/.test(text) ? Date.parse(text.replace(/(\.\d{3})\d+/, "$1")) : Number.NaN;
