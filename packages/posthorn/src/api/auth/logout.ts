import { logout as logoutVerb } from "../../domain/auth/logout.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const logout = defineRoute({
  method: "POST",
  path: "/api/v1/auth/logout",
  operationId: "v1.authentication.logout",
  tag: "Authentication",
  summary: "End the token of this call",
  description: "The token of an application stops working. Tokens of the organisation are not ended this way.",
  access: "any token",
  responses: { 204: null },
  handle: async ({ ctx }) => {
    await logoutVerb(ctx);
    return noContent();
  },
});
