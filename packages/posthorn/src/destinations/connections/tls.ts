/** TLS options from the fields that kinds share. Contents only: drivers are never given paths. */
import { isIP } from "node:net";

export interface TlsFields {
  readonly ca?: unknown;
  readonly clientCertificate?: unknown;
  readonly clientKey?: unknown;
}

export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized: true;
}

/** @param host Host of the URL, which the certificate must be for; `null`: the driver sets it. */
export function tlsOptions({ ca, clientCertificate, clientKey }: TlsFields, host: string | null): TlsOptions {
  return {
    ...(typeof ca === "string" ? { ca } : {}),
    ...(typeof clientCertificate === "string" ? { cert: clientCertificate } : {}),
    ...(typeof clientKey === "string" ? { key: clientKey } : {}),
    ...(host !== null && isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: true,
  };
}

/** Host and port of a URL, without the brackets of IPv6 addresses. */
export function hostAndPort(url: URL, defaultPort: number): { readonly host: string; readonly port: number } {
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port === "" ? defaultPort : Number(url.port) };
}
