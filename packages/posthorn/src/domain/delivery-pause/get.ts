import { type PausedDeliveries, readDeliveryPause } from "../../store/delivery-pause.ts";
import { type Call, reader } from "../context.ts";

/** Returns why deliveries are paused on the whole server; `null`: they are not. */
export function getDeliveryPause({ ctx }: Call<null>): Promise<PausedDeliveries | null> {
  return readDeliveryPause(reader(ctx));
}
