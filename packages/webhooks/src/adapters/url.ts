import type { HeaderReader } from "../request.ts";

/** How to determine the URL that the sender called, which some providers sign. */
export interface UrlOptions {
  /**
   * Public URL in front of this server's paths, such as `https://hooks.example.com` or, when a proxy strips a prefix,
   * `https://example.com/hooks`. The safe choice, because nothing in the request is used.
   */
  readonly publicUrl?: string;
  /**
   * Trusts `x-forwarded-proto` and `x-forwarded-host`. Use it only behind a proxy that sets both. Defaults to false.
   */
  readonly trustProxy?: boolean;
}

/** Absolute URL of a request, from its path with query and what is known about the connection. */
export function absoluteUrl(
  path: string,
  connection: { readonly headers: HeaderReader; readonly encrypted: boolean },
  options: UrlOptions,
): string {
  if (options.publicUrl !== undefined) return options.publicUrl.replace(/\/+$/, "") + path;
  const { headers } = connection;
  const forwarded = (name: string) => (options.trustProxy === true ? firstOf(headers.get(name)) : undefined);
  const protocol = forwarded("x-forwarded-proto") ?? (connection.encrypted ? "https" : "http");
  const host = forwarded("x-forwarded-host") ?? headers.get("host") ?? headers.get(":authority") ?? "localhost";
  return `${protocol}://${host}${path}`;
}

function firstOf(list: string | undefined): string | undefined {
  const first = list?.split(",")[0]?.trim();
  return first === "" ? undefined : first;
}
