import { isVerifiable, kindNamed, WEBHOOK_KIND } from "../../destinations/kinds.ts";
import { invalid } from "../../lib/errors.ts";
import type { Endpoint } from "./endpoint.ts";

/** Throws a 422 for a setting that only webhooks have. `what`: the setting, in the plural. */
export function requireWebhook({ kind }: Pick<Endpoint, "kind">, path: readonly string[], what: string): void {
  if (kind === WEBHOOK_KIND) return;
  throw invalid(path, `${what} apply to webhooks only, and this endpoint sends to ${titleOf(kind)}.`);
}

/** Throws a 422 for endpoints that cannot be asked whether they accept deliveries. */
export function requireVerifiable({ kind }: Pick<Endpoint, "kind">, path: readonly string[]): void {
  if (isVerifiable(kind)) return;
  const sentence = `Verification requests apply to webhooks and CloudEvents only, and this endpoint sends to ${titleOf(kind)}.`;
  throw invalid(path, sentence);
}

/** Throws a 422 for a setting of HTTP requests, if the endpoint sends over a connection. */
export function requireHttp({ kind }: Pick<Endpoint, "kind">, path: readonly string[], what: string): void {
  const family = kindNamed(kind)?.family;
  if (kind === WEBHOOK_KIND || family === "http") return;
  throw invalid(path, `${what} apply to HTTP requests only, and this endpoint sends to ${titleOf(kind)}.`);
}

function titleOf(kind: string): string {
  return kindNamed(kind)?.title ?? `a destination of the kind "${kind}"`;
}
