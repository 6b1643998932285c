/** Hosts with their ports, as they stand in URLs and in the `Host` header. */

const HOST = /^(?:\[[\da-f:.]+\]|[^\s[\]:/?#@\\%,*]+)(?::\d{0,5})?$/i;

/**
 * The host and port of a text such as `Hooks.Example.com.` or `[::1]:8071`, in one spelling and always with the port; `null` when it is
 * neither. `scheme` says which port is meant where there is none.
 */
export function authorityOf(host: string, scheme: string): string | null {
  if (!HOST.test(host)) return null;
  const url = URL.parse(`${scheme}//${host}`);
  if (url === null) return null;
  const port = url.port === "" ? (scheme === "https:" ? "443" : "80") : url.port;
  return `${url.hostname.replace(/\.$/, "")}:${port}`;
}
