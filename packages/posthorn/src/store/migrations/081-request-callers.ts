/** Counts the logged requests of each application. */
export const requestCallers = `
CREATE INDEX api_request_of_application ON api_request (org_id, caller_id, id) WHERE caller_kind = 'application';
`;
