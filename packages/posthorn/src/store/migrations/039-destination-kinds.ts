/** Kind of destination of each endpoint, with its configuration. */
export const destinationKinds = `
ALTER TABLE endpoint ADD COLUMN kind TEXT NOT NULL DEFAULT 'http';
ALTER TABLE endpoint ADD COLUMN config_sealed BLOB;
`;
