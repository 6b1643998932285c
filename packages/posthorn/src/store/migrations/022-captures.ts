/** Sources with a lifetime: they are deleted when it is over. */
export const captures = `
ALTER TABLE source ADD COLUMN expires_at INTEGER;
CREATE INDEX source_ends ON source (expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL;
`;
