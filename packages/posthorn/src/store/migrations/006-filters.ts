/** Filters and transformations of endpoints. */
export const filters = `
ALTER TABLE endpoint ADD COLUMN filter_json TEXT;
ALTER TABLE endpoint ADD COLUMN transformation_sealed BLOB;
ALTER TABLE endpoint ADD COLUMN transformation_enabled INTEGER NOT NULL DEFAULT 0;
`;
