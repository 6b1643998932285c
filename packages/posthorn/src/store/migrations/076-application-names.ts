/** Order of the list of applications by name. Only the start of a name is indexed, because PostgreSQL limits the size of index entries. */
export const applicationNames = `
CREATE INDEX application_by_name ON application (org_id, substr(lower(name), 1, 256), id) WHERE deleted_at IS NULL AND kind = 0;
`;
