import { useSyncExternalStore } from "react";
import { type Look, lookNow, onLook } from "./look.ts";

export function useLook(): Look {
  return useSyncExternalStore(onLook, lookNow);
}
