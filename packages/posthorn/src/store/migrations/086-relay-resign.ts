/** Listeners that get renewed signatures of providers. */
export const relayResign = `
ALTER TABLE relay_session ADD COLUMN resigns INTEGER NOT NULL DEFAULT 0;
`;
