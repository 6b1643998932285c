/** Organisations that require a second factor of their users. */
export const secondFactor = `
ALTER TABLE organisation ADD COLUMN requires_second_factor INTEGER NOT NULL DEFAULT 0;
`;
