import { expect, it } from "vitest";
import { connectionFailure } from "./failure.ts";
import { GuardError } from "./guard.ts";

it("a target that sends too much is retried, even if its client has overwritten the code of the error", () => {
  const error = new GuardError("EFLOOD", "The target sent more data than its protocol requires.");
  Object.assign(error, { code: "ESOCKET" });
  expect(connectionFailure(error)).toMatchObject({ kind: "retry", code: "protocol_error" });
});
