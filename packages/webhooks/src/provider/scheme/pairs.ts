import { type FieldReader, headerError } from "./signed.ts";

/**
 * Reads a header such as `t=…,v1=…,v1=…`: pairs with the given name are signatures, all others are fields.
 *
 * @param signature Name of the pairs that are signatures.
 * @param separator Text between pairs. Defaults to a comma.
 * @returns A reader for the `fields` option of {@link hmac} and {@link asymmetric}.
 *
 * @example
 *
 * ```ts
 * import { hmac, pairs, schemeSummary, signedTime } from "@posthorn/webhooks/provider";
 *
 * const scheme = hmac({
 *   header: "x-acme-signature",
 *   fields: pairs("v1"),
 *   timestamp: signedTime({ from: "field:t" }),
 *   signed: "{ts}.{body}",
 * });
 * console.log(schemeSummary(scheme)); // x-acme-signature: v1=hex(HMAC-SHA256 of {ts}.{body})
 * ```
 */
export function pairs(signature: string, separator = ","): FieldReader {
  const read: FieldReader["read"] = (options, values, fields) => {
    const signatures: string[] = [];
    for (const value of values) {
      for (const pair of value.split(separator)) {
        const equals = pair.indexOf("=");
        const name = pair.slice(0, equals).trim();
        // Unknown versions may repeat, but with a second timestamp it would be unclear which one was signed.
        const repeated = fields.has(name) && options.timestamp?.from === `field:${name}`;
        if (equals <= 0 || repeated)
          throw headerError(options, "malformed_header", "is not a list of name=value pairs");
        const text = pair.slice(equals + 1).trim();
        if (name === signature) signatures.push(text);
        else fields.set(name, text);
      }
    }
    if (signatures.length > 0) return signatures;
    throw headerError(options, "unknown_version", `has no ${signature}= signature`);
  };
  return { signature, separator, read };
}
