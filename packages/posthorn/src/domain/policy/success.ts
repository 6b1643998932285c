/** Which answers are a success. */
import { invalid } from "../../errors.ts";
import { rangeOf, type StatusCodes } from "./retry.ts";
import { defineSection } from "./section.ts";

export interface SuccessValues {
  /** Codes, classes such as `2xx` and ranges such as `200-204`. */
  readonly statusCodes: readonly StatusCodes[];
}

export const success = defineSection<SuccessValues>({
  tenant: "ManageEndpoint",
  platform: () => ({ statusCodes: ["2xx"] }),
  check: ({ statusCodes }, { path }) => {
    for (const [index, code] of (statusCodes ?? []).entries()) {
      if (rangeOf(code) !== null) continue;
      throw invalid(
        [...path, "statusCodes", `[${index}]`],
        `"${code}" is no code such as 204, class such as 2xx, or range.`,
      );
    }
  },
});
