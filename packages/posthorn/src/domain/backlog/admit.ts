import { PosthornError } from "../../lib/errors.ts";
import type { Context } from "../context.ts";

/** Refuses a message of an application whose deliveries exceed its share of `POSTHORN_MAX_BACKLOG`. */
export function admitMessage({ services }: Context, appId: number): void {
  if (!services.backlog.isFullFor(appId)) return;
  throw new PosthornError(
    "backlog_full",
    "Too many deliveries of this application wait to be sent. The message was not stored. Try again later.",
  );
}
