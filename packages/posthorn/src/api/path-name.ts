import { ValidationError } from "../lib/errors.ts";

/** Validates a path parameter that becomes the name of a new resource. */
export function checkPathName(parameter: string, name: string): string {
  if (/^[a-zA-Z0-9\-_.]{1,256}$/.test(name)) return name;
  throw new ValidationError([
    {
      loc: ["path", parameter],
      msg: "Names can have 1 to 256 letters, digits, hyphens, underscores and dots.",
      type: "value_error",
    },
  ]);
}
