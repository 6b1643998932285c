import type { PausedDeliveries } from "../../store/delivery-pause.ts";
import { dateTimeOrNull } from "../wire.ts";

export function deliveryPauseOut(paused: PausedDeliveries | null): object {
  return {
    paused: paused !== null,
    reason: paused?.reason ?? null,
    since: dateTimeOrNull(paused?.since ?? null),
    backupAt: dateTimeOrNull(paused?.backupAt ?? null),
  };
}
