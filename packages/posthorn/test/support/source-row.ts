/** Rows of sources for tests of a store without a server. */
import type { Store } from "../../src/store/store.ts";

export async function insertSource(store: Store, id: number, deletedAt: number | null = null): Promise<void> {
  await store.transaction(({ db }) =>
    db
      .insertInto("source")
      .values({
        id,
        public_id: `src_${id}`,
        org_id: 1,
        uid: null,
        name: "Source",
        type: "generic",
        settings_json: "{}",
        config_sealed: null,
        metadata_json: "{}",
        created_at: 0,
        updated_at: 0,
        deleted_at: deletedAt,
        expires_at: null,
      })
      .execute(),
  );
}
