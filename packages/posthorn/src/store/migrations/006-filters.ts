/** What an endpoint wants of the content of messages, and how they are changed on their way to it. */
export const filters = `
ALTER TABLE endpoint ADD COLUMN filter_json TEXT;
ALTER TABLE endpoint ADD COLUMN transformation_sealed BLOB;
ALTER TABLE endpoint ADD COLUMN transformation_enabled INTEGER NOT NULL DEFAULT 0;
`;
