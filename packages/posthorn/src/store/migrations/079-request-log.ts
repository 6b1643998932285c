/** Log of API requests. `route` is the pattern of the path, so that it names no customer. */
export const requestLog = `
CREATE TABLE api_request (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  caller_kind TEXT NOT NULL,
  caller_id TEXT,
  method TEXT NOT NULL,
  route TEXT NOT NULL,
  operation TEXT NOT NULL,
  status INTEGER NOT NULL,
  error_code TEXT,
  duration_ms INTEGER NOT NULL,
  client_request_id TEXT
) STRICT;
CREATE INDEX api_request_of_organisation ON api_request (org_id, id);
`;
