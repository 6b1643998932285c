/** Order of the list of all endpoints by URL. Only the start of a URL is indexed, because PostgreSQL limits the size of index entries. */
export const endpointList = `
CREATE INDEX endpoint_by_url ON endpoint (substr(url, 1, 256), id) WHERE deleted_at IS NULL;
`;
