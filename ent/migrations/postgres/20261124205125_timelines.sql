-- +goose Up
-- create index "posts_public" to table: "posts"
CREATE INDEX "posts_public" ON "posts" ("id") WHERE ((audience = 1) AND (reply_to_id = 0) AND (repost_of_id = 0) AND (NOT deleted));
-- create "read_positions" table
CREATE TABLE "read_positions" ("id" bigint NOT NULL, "user_id" bigint NOT NULL, "timeline" character varying NOT NULL, "post_id" bigint NOT NULL, "updated_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "readposition_user_id_timeline" to table: "read_positions"
CREATE UNIQUE INDEX "readposition_user_id_timeline" ON "read_positions" ("user_id", "timeline");
-- create "tag_uses" table
CREATE TABLE "tag_uses" ("id" bigint NOT NULL, "post_id" bigint NOT NULL, "author_id" bigint NOT NULL, "hour" bigint NOT NULL, "tag_key" character varying NOT NULL, "tag" character varying NOT NULL, "language" character varying NOT NULL DEFAULT '', PRIMARY KEY ("id"));
-- create index "taguse_author_id_post_id" to table: "tag_uses"
CREATE INDEX "taguse_author_id_post_id" ON "tag_uses" ("author_id", "post_id");
-- create index "taguse_hour_tag_key_author_id" to table: "tag_uses"
CREATE INDEX "taguse_hour_tag_key_author_id" ON "tag_uses" ("hour", "tag_key", "author_id");
-- create index "taguse_post_id_tag_key" to table: "tag_uses"
CREATE UNIQUE INDEX "taguse_post_id_tag_key" ON "tag_uses" ("post_id", "tag_key");
-- create index "taguse_tag_key_hour_author_id" to table: "tag_uses"
CREATE INDEX "taguse_tag_key_hour_author_id" ON "tag_uses" ("tag_key", "hour", "author_id");

-- +goose Down
-- reverse: create index "taguse_tag_key_hour_author_id" to table: "tag_uses"
DROP INDEX "taguse_tag_key_hour_author_id";
-- reverse: create index "taguse_post_id_tag_key" to table: "tag_uses"
DROP INDEX "taguse_post_id_tag_key";
-- reverse: create index "taguse_hour_tag_key_author_id" to table: "tag_uses"
DROP INDEX "taguse_hour_tag_key_author_id";
-- reverse: create index "taguse_author_id_post_id" to table: "tag_uses"
DROP INDEX "taguse_author_id_post_id";
-- reverse: create "tag_uses" table
DROP TABLE "tag_uses";
-- reverse: create index "readposition_user_id_timeline" to table: "read_positions"
DROP INDEX "readposition_user_id_timeline";
-- reverse: create "read_positions" table
DROP TABLE "read_positions";
-- reverse: create index "posts_public" to table: "posts"
DROP INDEX "posts_public";
