/** All tables are in this schema of a PostgreSQL database, so that Posthorn can share the database with a product. */
export const SCHEMA = "posthorn";
