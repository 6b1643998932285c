/** Names of organisations, for people who have several. */
export const organisationNames = `
ALTER TABLE organisation ADD COLUMN name TEXT NOT NULL DEFAULT '';
`;
