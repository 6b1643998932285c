/** Connections by client: maintenance looks for registered clients that have none. */
export const connectedClientIndex = `
CREATE INDEX connected_client_by_client ON connected_client (client_id);
`;
