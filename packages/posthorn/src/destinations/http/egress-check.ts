/** Checks, when the settings of an endpoint are saved, that the HTTP client can use them. */
import { checkAuth, checkProxy, checkTls, type Egress, EgressConfigError, parseAllowList } from "@posthorn/egress";
import type { EgressTrouble } from "../../domain/ports.ts";
import type { EndpointEgress } from "../../domain/endpoint/egress.ts";

/** The setting that cannot be used, or `null`. The message contains no secret. */
export function egressTrouble(
  egress: Pick<Egress, "validateUrl">,
  { auth, tls, proxy }: EndpointEgress,
  allow: string | null,
): EgressTrouble | null {
  if (auth?.type === "oauth2") {
    const trouble = egress.validateUrl(auth.tokenUrl, allow === null ? undefined : parseAllowList(allow));
    if (trouble !== null) return { path: ["auth", "tokenUrl"], message: trouble.message };
  }
  return (
    tried(["auth"], () => auth !== undefined && checkAuth(auth)) ??
    tried(["tls"], () => tls !== undefined && checkTls(tls)) ??
    tried(["proxy"], () => proxy !== undefined && checkProxy(proxy))
  );
}

function tried(path: readonly string[], check: () => unknown): EgressTrouble | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof EgressConfigError) return { path, message: error.message };
    throw error;
  }
}
