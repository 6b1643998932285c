/** Warnings for endpoints with a high failure rate, and the time from which their attempts count. */
export const failureRate = `
CREATE TABLE endpoint_rate (
  endpoint_id INTEGER PRIMARY KEY,
  counted_from INTEGER NOT NULL,
  warned INTEGER NOT NULL
) STRICT;
`;
