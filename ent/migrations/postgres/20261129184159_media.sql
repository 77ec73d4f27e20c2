-- +goose Up
-- modify "messages" table
ALTER TABLE "messages" ADD COLUMN "media" jsonb NULL;
-- modify "post_versions" table
ALTER TABLE "post_versions" ADD COLUMN "media" jsonb NULL;
-- modify "posts" table
ALTER TABLE "posts" ADD COLUMN "media" jsonb NULL;
-- modify "profiles" table
ALTER TABLE "profiles" ADD COLUMN "avatar_id" bigint NOT NULL DEFAULT 0, ADD COLUMN "header_id" bigint NOT NULL DEFAULT 0;
-- create index "profiles_avatars" to table: "profiles"
CREATE INDEX "profiles_avatars" ON "profiles" ("avatar_id") WHERE (avatar_id <> 0);
-- create index "profiles_headers" to table: "profiles"
CREATE INDEX "profiles_headers" ON "profiles" ("header_id") WHERE (header_id <> 0);
-- create "media" table
CREATE TABLE "media" ("id" bigint NOT NULL, "owner_id" bigint NOT NULL, "state" integer NOT NULL, "content_type" character varying NOT NULL, "size_bytes" bigint NOT NULL, "alt_text" text NOT NULL DEFAULT '', "width" integer NOT NULL DEFAULT 0, "height" integer NOT NULL DEFAULT 0, "blurhash" character varying NOT NULL DEFAULT '', "animated" boolean NOT NULL DEFAULT false, "going_at" timestamptz NULL, "variants" jsonb NULL, PRIMARY KEY ("id"));
-- create index "media_owner_id_id" to table: "media"
CREATE INDEX "media_owner_id_id" ON "media" ("owner_id", "id");
-- create index "media_state_id" to table: "media"
CREATE INDEX "media_state_id" ON "media" ("state", "id");
-- create "media_keys" table
CREATE TABLE "media_keys" ("id" bigint NOT NULL, "secret" character varying NOT NULL, PRIMARY KEY ("id"));
-- create "media_usages" table
CREATE TABLE "media_usages" ("id" bigint NOT NULL, "bytes" bigint NOT NULL, PRIMARY KEY ("id"));
-- create "message_media" table
CREATE TABLE "message_media" ("id" bigint NOT NULL, "message_id" bigint NOT NULL, "media_id" bigint NOT NULL, PRIMARY KEY ("id"));
-- create index "messagemedia_media_id" to table: "message_media"
CREATE INDEX "messagemedia_media_id" ON "message_media" ("media_id");
-- create index "messagemedia_message_id_media_id" to table: "message_media"
CREATE UNIQUE INDEX "messagemedia_message_id_media_id" ON "message_media" ("message_id", "media_id");
-- create "post_media" table
CREATE TABLE "post_media" ("id" bigint NOT NULL, "post_id" bigint NOT NULL, "media_id" bigint NOT NULL, "shown" boolean NOT NULL, PRIMARY KEY ("id"));
-- create index "postmedia_media_id" to table: "post_media"
CREATE INDEX "postmedia_media_id" ON "post_media" ("media_id");
-- create index "postmedia_post_id_media_id" to table: "post_media"
CREATE UNIQUE INDEX "postmedia_post_id_media_id" ON "post_media" ("post_id", "media_id");

-- +goose Down
-- reverse: create index "postmedia_post_id_media_id" to table: "post_media"
DROP INDEX "postmedia_post_id_media_id";
-- reverse: create index "postmedia_media_id" to table: "post_media"
DROP INDEX "postmedia_media_id";
-- reverse: create "post_media" table
DROP TABLE "post_media";
-- reverse: create index "messagemedia_message_id_media_id" to table: "message_media"
DROP INDEX "messagemedia_message_id_media_id";
-- reverse: create index "messagemedia_media_id" to table: "message_media"
DROP INDEX "messagemedia_media_id";
-- reverse: create "message_media" table
DROP TABLE "message_media";
-- reverse: create "media_usages" table
DROP TABLE "media_usages";
-- reverse: create "media_keys" table
DROP TABLE "media_keys";
-- reverse: create index "media_state_id" to table: "media"
DROP INDEX "media_state_id";
-- reverse: create index "media_owner_id_id" to table: "media"
DROP INDEX "media_owner_id_id";
-- reverse: create "media" table
DROP TABLE "media";
-- reverse: create index "profiles_headers" to table: "profiles"
DROP INDEX "profiles_headers";
-- reverse: create index "profiles_avatars" to table: "profiles"
DROP INDEX "profiles_avatars";
-- reverse: modify "profiles" table
ALTER TABLE "profiles" DROP COLUMN "header_id", DROP COLUMN "avatar_id";
-- reverse: modify "posts" table
ALTER TABLE "posts" DROP COLUMN "media";
-- reverse: modify "post_versions" table
ALTER TABLE "post_versions" DROP COLUMN "media";
-- reverse: modify "messages" table
ALTER TABLE "messages" DROP COLUMN "media";
