/** Captures of this server as targets of endpoints: the only local URLs that the egress rules of the operator do not apply to. */
import { type Context, reader } from "../context.ts";
import { TOKEN_PATTERN, tokenHash } from "./token.ts";

/**
 * The token in the URL of a source on this server.
 *
 * @param ingestUrl Origin of the URLs of sources, such as `https://hooks.example.com`.
 * @returns `null` for any other URL, including one with a path, query, user or fragment after or around the token.
 *
 * @example
 *
 * ```ts
 * sourceTokenOf("http://127.0.0.1:8071", "http://127.0.0.1:8071/in/0123456789abcdef0123456789abcdef01234567"); // "0123…"
 * sourceTokenOf("http://127.0.0.1:8071", "http://127.0.0.1:8071/api/v1/app"); // null
 * ```
 */
export function sourceTokenOf(ingestUrl: string, url: string): string | null {
  const start = `${ingestUrl}/in/`;
  if (ingestUrl === "" || !url.startsWith(start)) return null;
  const token = url.slice(start.length);
  return TOKEN_PATTERN.test(token) ? token : null;
}

/** Whether a URL is exactly that of a live capture of the caller's organisation. Causes no network traffic. */
export async function isOwnCapture(ctx: Context, url: string): Promise<boolean> {
  const { rules, now } = ctx.services;
  const token = sourceTokenOf(rules.ingestUrl(), url);
  if (token === null) return false;
  const at = now();
  const row = await reader(ctx)
    .selectFrom("source_token")
    .innerJoin("source", "source.id", "source_token.source_id")
    .select("source.id")
    .where("source_token.hash", "=", tokenHash(token))
    .where(({ eb, or }) => or([eb("source_token.expires_at", "is", null), eb("source_token.expires_at", ">", at)]))
    .where("source.org_id", "=", ctx.actor.orgId)
    .where("source.deleted_at", "is", null)
    .where("source.expires_at", ">", at)
    .executeTakeFirst();
  return row !== undefined;
}
