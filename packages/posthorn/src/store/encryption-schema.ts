/** Kysely types of the tables of encryption keys. */

/** A data key, wrapped by the root key. Key 0 opens values of versions without a key ID. */
export interface EncryptionKeyTable {
  id: number;
  /** `announced`: nodes load it. `sealing`: new values are sealed with it. `opening`: only existing values are opened with it. */
  state: "announced" | "sealing" | "opening" | "destroyed";
  /** Kind of the root key that wraps it. */
  provider: string;
  /** Identifies the root key. Says nothing about its value. */
  root: string;
  /** `null`: destroyed. */
  wrapped: Uint8Array | null;
  created_at: number;
  /** When values were first sealed with it; `null`: never. */
  sealing_at: number | null;
  destroyed_at: number | null;
}

/** Data keys that a node has loaded. */
export interface EncryptionKeyNodeTable {
  node_id: number;
  key_ids_json: string;
  /** The key that it seals with. */
  sealing: number;
  /** The root key that it is configured with. */
  root: string;
  seen_at: number;
}
