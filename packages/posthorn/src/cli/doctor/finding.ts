/** Result of one check of `posthorn doctor`. */
export interface Finding {
  /** Stable name, such as `disk.space`. */
  readonly check: string;
  readonly status: "ok" | "warning" | "problem" | "skipped";
  /** What was found, in a sentence. */
  readonly found: string;
  /** What to do; `null`: nothing. */
  readonly fix: string | null;
}

export function ok(check: string, found: string): Finding {
  return { check, status: "ok", found, fix: null };
}

export function warning(check: string, found: string, fix: string): Finding {
  return { check, status: "warning", found, fix };
}

export function problem(check: string, found: string, fix: string): Finding {
  return { check, status: "problem", found, fix };
}

export function skipped(check: string, found: string): Finding {
  return { check, status: "skipped", found, fix: null };
}

/** The message of an error, without a full stop. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as Error & { readonly code?: string };
  return (message || code || String(error)).replace(/\.$/, "");
}
