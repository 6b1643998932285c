/** Listeners that get the signatures of providers made anew. */
export const relayResign = `
ALTER TABLE relay_session ADD COLUMN resigns INTEGER NOT NULL DEFAULT 0;
`;
