import { decodeUtf8, encodeBase64, utf8 } from "../encoding.ts";
import { parseJson } from "../provider/payload.ts";
import type { CredentialScheme } from "../provider/scheme/credential.ts";
import type { Scheme } from "../provider/types.ts";
import type { Draft, SignContext } from "./draft.ts";

/** Adds a static credential where the provider puts it. */
export async function signStatic(draft: Draft, scheme: Scheme, { secret, config }: SignContext): Promise<void> {
  if (scheme.kind === "url-secret") {
    const [path, ...query] = draft.url.split("?");
    draft.url = [`${path}/${encodeURIComponent(secret)}`, ...query].join("?");
    return;
  }
  if (scheme.kind === "basic") {
    draft.headers["authorization"] = `Basic ${encodeBase64(utf8(secret))}`;
    return;
  }
  const { options } = scheme as CredentialScheme;
  if (options.body !== undefined) {
    const payload = parseJson(decodeUtf8(draft.body) ?? "");
    draft.body = utf8(JSON.stringify({ ...Object(payload), [options.body]: secret }));
    return;
  }
  const configured = options.configurable === true ? config["header"]?.toLowerCase() : undefined;
  draft.headers[configured ?? [options.header ?? []].flat()[0] ?? "authorization"] = secret;
}
