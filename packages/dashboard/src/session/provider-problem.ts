/** Problem at an identity provider. The server passes it in a cookie that lasts a minute, because anyone could forge a query. */
import { toApiError } from "../api/client.ts";

const NAME = /(?:^|;\s*)((?:__Host-)?posthorn_problem)=([^;]*)/;

/** Reads the problem and removes it, so that it is shown once. `null`: there is none. */
export function takeProviderProblem(): Error | null {
  const [, name, value] = NAME.exec(document.cookie) ?? [];
  if (name === undefined || value === undefined) return null;
  document.cookie = `${name}=; Path=/; Max-Age=0; SameSite=Lax${name.startsWith("__Host-") ? "; Secure" : ""}`;
  try {
    return toApiError(403, JSON.parse(decodeURIComponent(value)));
  } catch {
    return null;
  }
}
