import { logout as logoutVerb } from "../../domain/auth/logout.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const logout = defineRoute({
  method: "POST",
  path: "/api/v1/auth/logout",
  operationId: "v1.authentication.logout",
  tag: "Authentication",
  summary: "Revoke the token of this request",
  description:
    "Revokes the application token that the request was sent with. Organisation tokens cannot be revoked this way.",
  access: "any token",
  permission: "read",
  filtersApplications: true,
  responses: { 204: null },
  handle: async ({ ctx }) => {
    await logoutVerb(ctx);
    return noContent();
  },
});
