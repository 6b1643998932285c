/** Kysely types of the tables of clients that people connected with OAuth. */

import type { Generated } from "kysely";

/** A client that registered itself (RFC 7591). */
export interface OauthClientTable {
  id: number;
  public_id: string;
  name: string;
  redirect_uris_json: string;
  created_at: number;
  /** When a person approved it last; `null`: never. */
  approved_at: number | null;
}

/** The connection of a person's client: its key is that of the session. */
export interface ConnectedClientTable {
  id: number;
  /** ID of a registered client, or the URL of a metadata document. */
  client_id: string;
  /** As it was shown to the person who approved it. */
  name: string;
  redirect_uri: string;
  /** Scopes, separated by spaces. */
  scope: string;
  /** URL of the MCP endpoint that its tokens are for. */
  resource: string;
  /** Of the authorization code. Kept, so that a second use of the code is noticed. */
  code_hash: Uint8Array;
  /** PKCE, S256. */
  code_challenge: string;
  code_expires_at: number;
  /** When the code was exchanged; `null`: it was not yet. */
  connected_at: number | null;
  /** Of the part of the refresh token that changes with each use. The other part is the secret of the session. */
  refresh_hash: Uint8Array | null;
  /** Together with the last used refresh token, it yields the tokens that were issued for that one; `null` if none was used yet. */
  refresh_seed: Generated<Uint8Array | null>;
  /** When a refresh token was used last, not counting repetitions. */
  refreshed_at: Generated<number | null>;
  /** Of the refresh token that was used last. */
  previous_refresh_hash: Generated<Uint8Array | null>;
  access_hash: Uint8Array | null;
  access_expires_at: number | null;
  /** Scopes of the access token; `null`: those of the connection. */
  access_scope: Generated<string | null>;
  /** When the access token was used first; `null`: not yet, or it was issued for a code. */
  access_used_at: Generated<number | null>;
  previous_access_hash: Generated<Uint8Array | null>;
  previous_access_scope: Generated<string | null>;
  previous_access_expires_at: Generated<number | null>;
}
