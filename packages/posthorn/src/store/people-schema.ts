/** Kysely types of the tables of people, their sessions, and how they sign in. */

/** A person who signs in: a user of the API. The table is not called `user`, which is a reserved word of SQL. */
export interface PersonTable {
  id: number;
  public_id: string;
  /** In lower case. Unique. */
  email: string;
  name: string;
  /** In PHC format; `null`: the person has no password. */
  password_hash: string | null;
  password_changed_at: number | null;
  /** Secret of one-time codes, as base32; `null`: they are off. */
  totp_sealed: Uint8Array | null;
  /** A secret that the person has not confirmed with a code yet; `null`: there is none. */
  totp_pending_sealed: Uint8Array | null;
  /** Time step of the last code that was accepted: neither it nor an earlier one is accepted again. */
  totp_step: number | null;
  /** Hashes of the recovery codes that are left; `null`: there were none. */
  recovery_codes_json: string | null;
  /** Language of the dashboard; `null`: that of the browser. */
  locale: string | null;
  /** `null`: the person can sign in. */
  disabled_at: number | null;
  created_at: number;
  last_sign_in_at: number | null;
}

/** The role of a person in an organisation, or for one application of it. */
export interface MembershipTable {
  id: number;
  person_id: number;
  org_id: number;
  /** `null`: the role is for the whole organisation. */
  app_id: number | null;
  role: string;
  created_at: number;
}

/**
 * `browser`: the hash is of the value of a cookie. `cli`: it is of a token in the `Authorization` header. `client`: it is of the fixed part of
 * the refresh tokens of a client that the person connected.
 */
export type SessionKind = "browser" | "cli" | "client";

export interface PersonSessionTable {
  id: number;
  public_id: string;
  kind: SessionKind;
  hash: Uint8Array;
  /** `null`: of the developer who followed the link of `npm start`. */
  person_id: number | null;
  /** The organisation that the session is in. */
  org_id: number;
  created_at: number;
  /** Updated at most every few minutes. */
  last_used_at: number;
  /** When it ends even if it is used. */
  expires_at: number;
  /** When a one-time or recovery code was given; `null`: none was. */
  second_factor_at: number | null;
  ip: string;
  user_agent: string;
  /** The identity provider at which it began; `null`: none. */
  provider_id: number | null;
  /** Subject of the person at the provider. */
  provider_subject: string | null;
  /** The provider's ID for its session. */
  provider_session: string | null;
  /** Identifies the session to the provider when the person signs out. */
  id_token_sealed: Uint8Array | null;
}

/** An identity provider of an organisation (OpenID Connect). */
export interface IdentityProviderTable {
  id: number;
  public_id: string;
  org_id: number;
  name: string;
  issuer: string;
  client_id: string;
  /** `null`: a public client. */
  client_secret_sealed: Uint8Array | null;
  scopes: string;
  groups_claim: string;
  /** See `GroupRole`. */
  roles_json: string;
  default_role: string | null;
  domains_json: string;
  enabled: number;
  created_at: number;
  updated_at: number;
}

/** A person as an identity provider knows them. */
export interface PersonIdentityTable {
  id: number;
  public_id: string;
  person_id: number;
  provider_id: number;
  issuer: string;
  subject: string;
  /** As last sent by the provider. */
  email: string | null;
  created_at: number;
  last_used_at: number;
}

export interface PasskeyTable {
  id: number;
  public_id: string;
  person_id: number;
  /** As base64url. */
  credential_id: string;
  /** As a COSE key. */
  public_key: Uint8Array;
  /** Signature counter of the device; synced passkeys have none. */
  counter: number;
  transports_json: string;
  name: string;
  synced: number;
  created_at: number;
  last_used_at: number | null;
}

/**
 * Purpose of a link or code that works once. `challenge`: the password was right, and the second factor is missing. `developer`: signs in
 * without a person. `used_challenge`: of a passkey, which must not be answered again.
 */
export type PersonTokenKind = "setup" | "invitation" | "reset" | "challenge" | "developer" | "used_challenge";

export interface PersonTokenTable {
  id: number;
  public_id: string;
  kind: PersonTokenKind;
  hash: Uint8Array;
  /** `null`: for a person who has no account yet, or for none. */
  person_id: number | null;
  org_id: number;
  /** Of an invitation to one application; otherwise `null`. */
  app_id: number | null;
  /** Of an invitation; otherwise `null`. */
  role: string | null;
  /** Of an invitation; otherwise `null`. */
  email: string | null;
  /** Name of the person who created it; empty: it was created with a token, or by the server. */
  created_by: string;
  created_at: number;
  expires_at: number;
}

/** A command line that waits for a person to approve it (RFC 8628). */
export interface DeviceRequestTable {
  id: number;
  /** Of the device code. */
  hash: Uint8Array;
  user_code_hash: Uint8Array;
  /** Name that the program gave. */
  client: string;
  ip: string;
  state: "pending" | "approved" | "denied";
  /** Who approved it. */
  person_id: number | null;
  org_id: number | null;
  second_factor_at: number | null;
  /** The identity provider at which the session began in which it was approved; `null`: none. */
  provider_id: number | null;
  provider_subject: string | null;
  polled_at: number;
  /** Seconds that the program has to wait between two polls. */
  interval_seconds: number;
  created_at: number;
  expires_at: number;
}

/** Failed attempts of an account, a known browser or a network address. */
export interface SignInFailureTable {
  subject: string;
  failures: number;
  /** Further attempts are refused until then. */
  blocked_until: number;
  expires_at: number;
}
