-- +goose Up
-- create "search_names" table
CREATE TABLE "search_names" ("id" bigint NOT NULL, "user_id" bigint NOT NULL, "key" bytea NOT NULL, PRIMARY KEY ("id"));
-- create index "searchname_key_user_id" to table: "search_names"
CREATE UNIQUE INDEX "searchname_key_user_id" ON "search_names" ("key", "user_id");
-- create index "searchname_user_id_key" to table: "search_names"
CREATE INDEX "searchname_user_id_key" ON "search_names" ("user_id", "key");
-- create "search_people" table
CREATE TABLE "search_people" ("id" bigint NOT NULL, "handle" character varying NOT NULL, "version" bigint NOT NULL, "name" character varying NOT NULL, "terms" tsvector NOT NULL, PRIMARY KEY ("id"));
-- create "search_posts" table
CREATE TABLE "search_posts" ("id" bigint NOT NULL, "version" bigint NOT NULL, "terms" tsvector NOT NULL, PRIMARY KEY ("id"));
-- create "search_tags" table
CREATE TABLE "search_tags" ("id" bigint NOT NULL, "key" bytea NOT NULL, "tag_key" character varying NOT NULL, PRIMARY KEY ("id"));
-- create index "search_tags_key_key" to table: "search_tags"
CREATE UNIQUE INDEX "search_tags_key_key" ON "search_tags" ("key");
-- create index "searchtag_tag_key" to table: "search_tags"
CREATE UNIQUE INDEX "searchtag_tag_key" ON "search_tags" ("tag_key");

-- by hand: the full-text indexes. Without fastupdate, for a list of pending entries would be read by every search.
CREATE INDEX "search_posts_fts" ON "search_posts" USING gin ("terms") WITH (fastupdate = off);
CREATE INDEX "search_people_fts" ON "search_people" USING gin ("terms") WITH (fastupdate = off);

-- +goose Down
-- reverse: by hand: the full-text indexes
DROP INDEX "search_people_fts";
DROP INDEX "search_posts_fts";
-- reverse: create index "searchtag_tag_key" to table: "search_tags"
DROP INDEX "searchtag_tag_key";
-- reverse: create index "search_tags_key_key" to table: "search_tags"
DROP INDEX "search_tags_key_key";
-- reverse: create "search_tags" table
DROP TABLE "search_tags";
-- reverse: create "search_posts" table
DROP TABLE "search_posts";
-- reverse: create "search_people" table
DROP TABLE "search_people";
-- reverse: create index "searchname_user_id_key" to table: "search_names"
DROP INDEX "searchname_user_id_key";
-- reverse: create index "searchname_key_user_id" to table: "search_names"
DROP INDEX "searchname_key_user_id";
-- reverse: create "search_names" table
DROP TABLE "search_names";
