/** When an endpoint last had a listener, so that those that no one uses any more expire. */
export const listenedAt = `
ALTER TABLE endpoint ADD COLUMN listened_at INTEGER;
`;
