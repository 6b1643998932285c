/** Configurations of destination types whose fields differ from those of the kind. */
import type { ConfigInput } from "../../fields/config.ts";

/** Converts a configuration of the compatible API to that of the kind. */
export function configOfType(type: string, config: ConfigInput): ConfigInput {
  if (type !== "postgres") return config;
  const { url, sslRootCert, ...rest } = config;
  return {
    ...rest,
    ...(sslRootCert === undefined ? {} : { [CA_FIELD]: sslRootCert }),
    ...(typeof url === "string" ? partsOfUrl(url) : url === undefined ? {} : { url }),
  };
}

/** Converts it back. */
export function typeOfConfig(type: string, config: Readonly<Record<string, unknown>>): object {
  if (type !== "postgres") return config;
  const { url, username, tableName, [CA_FIELD]: sslRootCert } = config;
  return { url: withUser(String(url), username), tableName, sslRootCert: sslRootCert ?? null };
}

const CA_FIELD = "ca";

/**
 * In the compatible API, the user name is part of the URL; in the kind, it is a field. `sslmode` decides whether the certificate is verified.
 */
function partsOfUrl(text: string): ConfigInput {
  const url = URL.parse(text);
  if (url === null) return { url: text };
  const username = decodeURIComponent(url.username);
  url.username = "";
  const mode = url.searchParams.get("sslmode");
  // Others are refused with the URL.
  url.searchParams.delete("sslmode");
  return {
    url: url.href,
    ...(username === "" ? {} : { username }),
    ...(mode === null ? {} : { tls: mode === "disable" ? "disable" : "verify-full" }),
  };
}

function withUser(text: string, username: unknown): string {
  const url = URL.parse(text);
  if (url === null || typeof username !== "string") return text;
  url.username = username;
  return url.href;
}
