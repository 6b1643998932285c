import { claimsOf } from "./session.ts";
import { useSession } from "./use-session.ts";

/** The application that the token of the portal is for. The server decides whether that is true. */
export function useApplication(): string {
  const session = useSession();
  const { sub } = claimsOf(session?.token ?? "");
  return typeof sub === "string" ? sub : "";
}
