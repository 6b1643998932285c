/** Certificates of counterparts that accept TLS connections. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface CounterpartTls {
  /** PEM certificate of the server, for `localhost`. */
  readonly cert: string;
  /** PEM private key of the certificate. */
  readonly key: string;
  /** PEM authority that signs clients' certificates, which are then required. If absent, clients need no certificate. */
  readonly clientCa?: string;
}

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  /** `null`: clients need no certificate. */
  readonly clientCa: string | null;
}

/** Writes certificates to files for programs that take file names. */
export function certificateFiles(folder: string, { cert, key, clientCa }: CounterpartTls): CertificateFiles {
  const place = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return {
    cert: place("server.crt", cert),
    key: place("server.key", key),
    clientCa: clientCa === undefined ? null : place("clients.crt", clientCa),
  };
}
