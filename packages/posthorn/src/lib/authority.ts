/** Parses hosts with ports, as in URLs and the `Host` header. */

const HOST = /^(?:\[[\da-f:.]+\]|[^\s[\]:/?#@\\%,*]+)(?::\d{0,5})?$/i;

/**
 * Normalizes a host such as `Hooks.Example.com.` or `[::1]:8071`; the result always has a port. `null` if it is invalid. `scheme`
 * determines the default port.
 */
export function authorityOf(host: string, scheme: string): string | null {
  if (!HOST.test(host)) return null;
  const url = URL.parse(`${scheme}//${host}`);
  if (url === null) return null;
  const port = url.port === "" ? (scheme === "https:" ? "443" : "80") : url.port;
  return `${url.hostname.replace(/\.$/, "")}:${port}`;
}
