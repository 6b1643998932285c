import { timeOfKey } from "../../lib/id.ts";
import type { StoreSize } from "../../store/store.ts";
import { type OutsideCall, reader } from "../context.ts";
import { messageMs, type RetentionPeriods } from "../retention/retention.ts";
import { DAY_MS, type StorageKind } from "./day.ts";
import { type Forecast, forecast } from "./forecast.ts";

export interface Storage {
  readonly size: StoreSize;
  readonly forecast: Forecast;
}

/** Returns the storage size of the server, for all organisations, and its forecast. */
export async function getStorage({ ctx }: OutsideCall<null>): Promise<Storage> {
  const { services } = ctx;
  await services.statistics.refresh();
  const size = await services.store.size();
  const days = await reader(ctx).selectFrom("storage_day").selectAll().execute();
  const first = await reader(ctx)
    .selectFrom("message")
    .select((eb) => eb.fn.min("id").as("id"))
    .executeTakeFirst();
  const firstKey = first?.id ?? null;
  return {
    size,
    forecast: forecast({
      days,
      keepDays: keepDays(services.rules.retention),
      now: services.now(),
      firstAt: firstKey === null ? null : timeOfKey(firstKey),
      usedBytes: size.bytes - size.freeBytes,
      leftBytes: size.disk === null ? null : size.disk.freeBytes + size.freeBytes,
    }),
  };
}

function keepDays(periods: RetentionPeriods): Readonly<Record<StorageKind, number>> {
  const messages = messageMs(periods) / DAY_MS;
  return {
    payload: periods.payloadMs / DAY_MS,
    message: messages,
    delivery: messages,
    attempt: periods.attemptMs / DAY_MS,
    failure: periods.failureMs / DAY_MS,
  };
}
