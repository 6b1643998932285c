/** Expiry of the TLS certificates that the receivers of endpoints presented last. */
export const certificates = `
CREATE TABLE endpoint_certificate (
  endpoint_id INTEGER PRIMARY KEY,
  origin TEXT NOT NULL,
  valid_to INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX endpoint_certificate_end ON endpoint_certificate (valid_to);
`;
