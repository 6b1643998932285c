import { type FieldReader, headerError } from "./signed.ts";

/** Reads a header such as `t=…,v1=…,v1=…`: every pair named `signature` is one, the others are fields. */
export function pairs(signature: string, separator = ","): FieldReader {
  const read: FieldReader["read"] = (options, values, fields) => {
    const signatures: string[] = [];
    for (const value of values) {
      for (const pair of value.split(separator)) {
        const equals = pair.indexOf("=");
        const name = pair.slice(0, equals).trim();
        // Versions that are not known may repeat; a second timestamp would leave open which one was signed.
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
