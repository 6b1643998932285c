import { settings } from "../../src/config/settings.ts";

/** Time that a process can take to stop, in seconds: attempts in flight, then 20 for threads that hang, and a reserve of 10. */
export const STOP_SECONDS = Number(settings.shutdownTimeout.default) + 30;
