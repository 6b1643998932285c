import { claimsOf } from "./session.ts";
import { useSession } from "./use-session.ts";

/** Application ID in the portal token. The server verifies it. */
export function useApplication(): string {
  const session = useSession();
  const { sub } = claimsOf(session?.token ?? "");
  return typeof sub === "string" ? sub : "";
}
