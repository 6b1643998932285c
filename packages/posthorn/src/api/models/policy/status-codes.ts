import { Type } from "typebox";

/** A code as a number or text, a class or a range. One schema with two types, so that an error names its location. */
const StatusCodes = Type.Unsafe<number | string>({
  type: ["integer", "string"],
  minimum: 100,
  maximum: 599,
  maxLength: 7,
});

/** A list of status codes, classes and ranges. */
export function StatusCodeList(description: string) {
  return Type.Array(StatusCodes, {
    maxItems: 50,
    description: `${description} Codes (410), classes ("4xx") and ranges ("500-503").`,
  });
}
