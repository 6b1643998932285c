/** Tables of saved views. */

export interface SavedViewTable {
  id: number;
  public_id: string;
  org_id: number;
  /** With `owner_id`, the caller that created it: a user, an API key, or the token of the organisation, which has no ID. */
  owner_kind: string;
  owner_id: string;
  list: string;
  name: string;
  /** Search parameters of the page of the list. */
  query: string;
  shared: number;
  created_at: number;
  updated_at: number;
}

export interface SavedViewDefaultTable {
  org_id: number;
  owner_kind: string;
  owner_id: string;
  list: string;
  view_id: number;
}
