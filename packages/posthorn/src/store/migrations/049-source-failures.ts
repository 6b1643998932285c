/** When it was announced that a source cannot be read; `NULL`: it is not, or its recovery was announced. */
export const sourceFailures = `
ALTER TABLE source_run ADD COLUMN failing_announced_at INTEGER;
`;
