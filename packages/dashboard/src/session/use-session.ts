import { useSyncExternalStore } from "react";
import { onSession, readSession, type Session } from "./session.ts";

export function useSession(): Session | null {
  return useSyncExternalStore(onSession, readSession);
}
