/** Stable codes of the errors of `posthorn/testing`. */
export type TestingErrorCode = "duration_invalid" | "url_in_use" | "webhook_not_received";

/** A test cannot continue, or what it expects has not happened. The message says why. */
export class TestingError extends Error {
  readonly code: TestingErrorCode;

  constructor(code: TestingErrorCode, message: string) {
    super(message);
    this.name = "TestingError";
    this.code = code;
  }
}
