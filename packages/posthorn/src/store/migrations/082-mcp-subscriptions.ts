/** Subscriptions of MCP clients: who subscribed, and what the confirmation of a callback covers. */
export const mcpSubscriptions = `
ALTER TABLE subscription ADD COLUMN principal TEXT;
ALTER TABLE subscription ADD COLUMN token_hash BLOB;
ALTER TABLE subscription ADD COLUMN verified_hash BLOB;
CREATE UNIQUE INDEX subscription_of_principal ON subscription (app_id, target_hash) WHERE principal IS NOT NULL;
`;
