/** Fields shared by destinations that are not HTTP. */
import type { ChoiceField, TextField } from "../kind.ts";

const PEM_LENGTH = 20_000;
const PEM = "\\s*-----BEGIN [A-Z ]+-----[\\s\\S]+-----END [A-Z ]+-----\\s*";

const pem = { type: "text", multiline: true, maxLength: PEM_LENGTH, pattern: PEM, required: false } as const;
const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB...\n-----END CERTIFICATE-----";

/** Certificates and key of a TLS connection. */
export const TLS_FIELDS = {
  ca: {
    ...pem,
    label: "Certificate authority",
    help: "PEM certificates that the server's certificate must be signed by. Leave it empty if a public authority signed it.",
    secret: false,
    example: CERTIFICATE,
  },
  clientCertificate: {
    ...pem,
    label: "Client certificate",
    help: "PEM certificate to present to servers that require one (mutual TLS).",
    secret: false,
    example: CERTIFICATE,
  },
  clientKey: {
    ...pem,
    label: "Client key",
    help: "PEM private key of the client certificate, without a passphrase.",
    secret: true,
    example: "-----BEGIN PRIVATE KEY-----\nMIIE...\n-----END PRIVATE KEY-----",
  },
} as const satisfies Record<string, TextField>;

export const USERNAME = {
  type: "text",
  label: "User name",
  help: "Name of the account. Leave it empty if the server does not require one.",
  required: false,
  secret: false,
  maxLength: 256,
} as const satisfies TextField;

export const PASSWORD = {
  type: "text",
  label: "Password",
  help: "Password of the account.",
  required: false,
  secret: true,
  maxLength: 1024,
} as const satisfies TextField;

export const choice = <const Choices extends readonly string[]>(
  field: Pick<ChoiceField, "label" | "help"> & { readonly choices: Choices; readonly default: Choices[number] },
) => ({ type: "choice", required: false, secret: false, ...field }) as const;

interface TlsConfig {
  readonly clientCertificate: string | null;
  readonly clientKey: string | null;
}

/** A client certificate needs its key, and vice versa. */
export function clientCertificateProblem({ clientCertificate, clientKey }: TlsConfig): {
  readonly field: "clientCertificate" | "clientKey";
  readonly problem: string;
} | null {
  if ((clientCertificate === null) === (clientKey === null)) return null;
  return clientKey === null
    ? { field: "clientKey", problem: "Enter the private key of the client certificate." }
    : { field: "clientCertificate", problem: "Enter the certificate that belongs to the client key." };
}
