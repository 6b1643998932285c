/** How far endpoints were warned of that fail too often, and from when on their attempts count. */
export const failureRate = `
CREATE TABLE endpoint_rate (
  endpoint_id INTEGER PRIMARY KEY,
  counted_from INTEGER NOT NULL,
  warned INTEGER NOT NULL
) STRICT;
`;
