/** Turns what a database says into errors of Posthorn's own list. */
import { PosthornError, type PosthornErrorCode } from "../errors.ts";

/** A database refused or failed. `unique` is set when a row with the same unique value exists. */
export class StoreError extends PosthornError {
  override readonly name = "StoreError";
  readonly unique: boolean;

  constructor(code: PosthornErrorCode, message: string, options?: ErrorOptions & { unique?: boolean }) {
    super(code, message, options);
    this.unique = options?.unique ?? false;
  }
}

/** Whether a write failed because a row with the same unique value exists. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof StoreError && error.unique;
}
