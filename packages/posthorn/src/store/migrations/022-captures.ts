/** Expiry of sources: a source is deleted automatically when its lifetime is over. */
export const captures = `
ALTER TABLE source ADD COLUMN expires_at INTEGER;
CREATE INDEX source_ends ON source (expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL;
`;
