-- +goose Up
-- modify "post_counts" table
ALTER TABLE "post_counts" ADD COLUMN "reposts" bigint NOT NULL DEFAULT 0, ADD COLUMN "quotes" bigint NOT NULL DEFAULT 0;
-- modify "posts" table
ALTER TABLE "posts" ADD COLUMN "facets" bytea NULL, ADD COLUMN "has_poll" boolean NOT NULL DEFAULT false;
-- create "bookmarks" table
CREATE TABLE "bookmarks" ("id" bigint NOT NULL, "user_id" bigint NOT NULL, "post_id" bigint NOT NULL, PRIMARY KEY ("id"));
-- create index "bookmark_user_id_id" to table: "bookmarks"
CREATE INDEX "bookmark_user_id_id" ON "bookmarks" ("user_id", "id");
-- create index "bookmark_user_id_post_id" to table: "bookmarks"
CREATE UNIQUE INDEX "bookmark_user_id_post_id" ON "bookmarks" ("user_id", "post_id");
-- create "drafts" table
CREATE TABLE "drafts" ("id" bigint NOT NULL, "author_id" bigint NOT NULL, "post" bytea NOT NULL, "scheduled_at" timestamptz NULL, "failure" integer NOT NULL DEFAULT 0, "version" bigint NOT NULL DEFAULT 1, PRIMARY KEY ("id"));
-- create index "draft_author_id_id" to table: "drafts"
CREATE INDEX "draft_author_id_id" ON "drafts" ("author_id", "id");
-- create index "drafts_scheduled" to table: "drafts"
CREATE INDEX "drafts_scheduled" ON "drafts" ("scheduled_at") WHERE (scheduled_at IS NOT NULL);
-- create "polls" table
CREATE TABLE "polls" ("id" bigint NOT NULL, "multiple" boolean NOT NULL DEFAULT false, "ends_at" timestamptz NOT NULL, "voters" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"));
-- create "poll_options" table
CREATE TABLE "poll_options" ("id" bigint NOT NULL, "post_id" bigint NOT NULL, "position" bigint NOT NULL, "text" character varying NOT NULL, "votes" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"));
-- create index "polloption_post_id_position" to table: "poll_options"
CREATE UNIQUE INDEX "polloption_post_id_position" ON "poll_options" ("post_id", "position");
-- create "poll_votes" table
CREATE TABLE "poll_votes" ("id" bigint NOT NULL, "post_id" bigint NOT NULL, "user_id" bigint NOT NULL, "choices" bigint NOT NULL, PRIMARY KEY ("id"));
-- create index "pollvote_post_id" to table: "poll_votes"
CREATE INDEX "pollvote_post_id" ON "poll_votes" ("post_id");
-- create index "pollvote_user_id_post_id" to table: "poll_votes"
CREATE UNIQUE INDEX "pollvote_user_id_post_id" ON "poll_votes" ("user_id", "post_id");
-- create "post_versions" table
CREATE TABLE "post_versions" ("id" bigint NOT NULL, "post_id" bigint NOT NULL, "version" bigint NOT NULL, "text" text NOT NULL, "content_warning" character varying NOT NULL DEFAULT '', "language" character varying NOT NULL DEFAULT '', "audience" integer NOT NULL, "facets" bytea NULL, "written_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "postversion_post_id_version" to table: "post_versions"
CREATE UNIQUE INDEX "postversion_post_id_version" ON "post_versions" ("post_id", "version");

-- +goose Down
-- reverse: create index "postversion_post_id_version" to table: "post_versions"
DROP INDEX "postversion_post_id_version";
-- reverse: create "post_versions" table
DROP TABLE "post_versions";
-- reverse: create index "pollvote_user_id_post_id" to table: "poll_votes"
DROP INDEX "pollvote_user_id_post_id";
-- reverse: create index "pollvote_post_id" to table: "poll_votes"
DROP INDEX "pollvote_post_id";
-- reverse: create "poll_votes" table
DROP TABLE "poll_votes";
-- reverse: create index "polloption_post_id_position" to table: "poll_options"
DROP INDEX "polloption_post_id_position";
-- reverse: create "poll_options" table
DROP TABLE "poll_options";
-- reverse: create "polls" table
DROP TABLE "polls";
-- reverse: create index "drafts_scheduled" to table: "drafts"
DROP INDEX "drafts_scheduled";
-- reverse: create index "draft_author_id_id" to table: "drafts"
DROP INDEX "draft_author_id_id";
-- reverse: create "drafts" table
DROP TABLE "drafts";
-- reverse: create index "bookmark_user_id_post_id" to table: "bookmarks"
DROP INDEX "bookmark_user_id_post_id";
-- reverse: create index "bookmark_user_id_id" to table: "bookmarks"
DROP INDEX "bookmark_user_id_id";
-- reverse: create "bookmarks" table
DROP TABLE "bookmarks";
-- reverse: modify "posts" table
ALTER TABLE "posts" DROP COLUMN "has_poll", DROP COLUMN "facets";
-- reverse: modify "post_counts" table
ALTER TABLE "post_counts" DROP COLUMN "quotes", DROP COLUMN "reposts";
