import { expect, it } from "vitest";
import type { Services } from "../../domain/context.ts";
import { FULL_GRANT } from "../../domain/grant.ts";
import { PosthornError } from "../../lib/errors.ts";
import { RequestLog } from "./buffer.ts";

it("has no entry, and does not fail, while the node may not generate IDs", () => {
  const next = (): never => {
    throw new PosthornError("storage_unavailable", "Other nodes may consider this node gone.");
  };
  let dropped = 0;
  const log = new RequestLog({
    services: { ids: { next } } as unknown as Services,
    setTimer: () => () => undefined,
    onFailure: () => undefined,
    onDropped: () => dropped++,
  });
  log.answered({
    actor: { kind: "organisation", orgId: 1, orgPublicId: "org_1", caller: { kind: "token" }, grant: FULL_GRANT },
    method: "POST",
    route: "/api/v1/app",
    operation: "v1.application.create",
    status: 503,
    errorCode: "storage_unavailable",
    durationMs: 1,
    clientRequestId: undefined,
  });
  expect(dropped).toBe(1);
});
