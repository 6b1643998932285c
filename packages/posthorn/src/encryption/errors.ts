import { PosthornError } from "../lib/errors.ts";

/** The error of a root key that cannot be read, or of a service that does not wrap or unwrap with it. */
export function keyUnavailable(message: string, cause?: unknown): PosthornError {
  return new PosthornError("encryption_key_unavailable", message, cause === undefined ? {} : { cause });
}
