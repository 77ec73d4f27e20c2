-- +goose Up
-- modify "accounts" table
ALTER TABLE "accounts" ADD COLUMN "state" integer NOT NULL DEFAULT 0, ADD COLUMN "role" integer NOT NULL DEFAULT 0;
-- modify "posts" table
ALTER TABLE "posts" ADD COLUMN "audience" integer NOT NULL DEFAULT 1, ADD COLUMN "reply_policy" integer NOT NULL DEFAULT 1, ADD COLUMN "repost_of_id" bigint NOT NULL DEFAULT 0, ADD COLUMN "quote_of_id" bigint NOT NULL DEFAULT 0, ADD COLUMN "content_warning" character varying NOT NULL DEFAULT '', ADD COLUMN "language" character varying NOT NULL DEFAULT '', ADD COLUMN "version" bigint NOT NULL DEFAULT 1, ADD COLUMN "edited_at" timestamptz NULL;
-- create index "posts_quotes" to table: "posts"
CREATE INDEX "posts_quotes" ON "posts" ("quote_of_id", "id") WHERE (quote_of_id <> 0);
-- create index "posts_reposts" to table: "posts"
CREATE UNIQUE INDEX "posts_reposts" ON "posts" ("repost_of_id", "author_id") WHERE ((repost_of_id <> 0) AND (NOT deleted));
-- modify "profiles" table
ALTER TABLE "profiles" ADD COLUMN "private" boolean NOT NULL DEFAULT false;
-- create "blocks" table
CREATE TABLE "blocks" ("id" bigint NOT NULL, "blocker_id" bigint NOT NULL, "blocked_id" bigint NOT NULL, PRIMARY KEY ("id"));
-- create index "block_blocked_id_blocker_id" to table: "blocks"
CREATE INDEX "block_blocked_id_blocker_id" ON "blocks" ("blocked_id", "blocker_id");
-- create index "block_blocker_id_blocked_id" to table: "blocks"
CREATE UNIQUE INDEX "block_blocker_id_blocked_id" ON "blocks" ("blocker_id", "blocked_id");
-- create index "block_blocker_id_id" to table: "blocks"
CREATE INDEX "block_blocker_id_id" ON "blocks" ("blocker_id", "id");
-- create "follow_requests" table
CREATE TABLE "follow_requests" ("id" bigint NOT NULL, "requester_id" bigint NOT NULL, "target_id" bigint NOT NULL, PRIMARY KEY ("id"));
-- create index "followrequest_requester_id_id" to table: "follow_requests"
CREATE INDEX "followrequest_requester_id_id" ON "follow_requests" ("requester_id", "id");
-- create index "followrequest_requester_id_target_id" to table: "follow_requests"
CREATE UNIQUE INDEX "followrequest_requester_id_target_id" ON "follow_requests" ("requester_id", "target_id");
-- create index "followrequest_target_id_id" to table: "follow_requests"
CREATE INDEX "followrequest_target_id_id" ON "follow_requests" ("target_id", "id");
-- create "mutes" table
CREATE TABLE "mutes" ("id" bigint NOT NULL, "muter_id" bigint NOT NULL, "muted_id" bigint NOT NULL, "expires_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "mute_muter_id_id" to table: "mutes"
CREATE INDEX "mute_muter_id_id" ON "mutes" ("muter_id", "id");
-- create index "mute_muter_id_muted_id" to table: "mutes"
CREATE UNIQUE INDEX "mute_muter_id_muted_id" ON "mutes" ("muter_id", "muted_id");
-- create "muted_words" table
CREATE TABLE "muted_words" ("id" bigint NOT NULL, "user_id" bigint NOT NULL, "text" character varying NOT NULL, "text_key" character varying NOT NULL, "expires_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "mutedword_user_id_id" to table: "muted_words"
CREATE INDEX "mutedword_user_id_id" ON "muted_words" ("user_id", "id");
-- create index "mutedword_user_id_text_key" to table: "muted_words"
CREATE UNIQUE INDEX "mutedword_user_id_text_key" ON "muted_words" ("user_id", "text_key");
-- create "post_mentions" table
CREATE TABLE "post_mentions" ("id" bigint NOT NULL, "post_id" bigint NOT NULL, "user_id" bigint NOT NULL, PRIMARY KEY ("id"));
-- create index "postmention_post_id_user_id" to table: "post_mentions"
CREATE UNIQUE INDEX "postmention_post_id_user_id" ON "post_mentions" ("post_id", "user_id");
-- create index "postmention_user_id_post_id" to table: "post_mentions"
CREATE INDEX "postmention_user_id_post_id" ON "post_mentions" ("user_id", "post_id");
-- create "post_tags" table
CREATE TABLE "post_tags" ("id" bigint NOT NULL, "post_id" bigint NOT NULL, "tag" character varying NOT NULL, "tag_key" character varying NOT NULL, PRIMARY KEY ("id"));
-- create index "posttag_post_id" to table: "post_tags"
CREATE INDEX "posttag_post_id" ON "post_tags" ("post_id");
-- create index "posttag_tag_key_post_id" to table: "post_tags"
CREATE UNIQUE INDEX "posttag_tag_key_post_id" ON "post_tags" ("tag_key", "post_id");
-- create "user_lists" table
CREATE TABLE "user_lists" ("id" bigint NOT NULL, "owner_id" bigint NOT NULL, "name" character varying NOT NULL, "version" bigint NOT NULL DEFAULT 1, PRIMARY KEY ("id"));
-- create index "userlist_owner_id_id" to table: "user_lists"
CREATE INDEX "userlist_owner_id_id" ON "user_lists" ("owner_id", "id");
-- create "user_list_members" table
CREATE TABLE "user_list_members" ("id" bigint NOT NULL, "list_id" bigint NOT NULL, "user_id" bigint NOT NULL, PRIMARY KEY ("id"));
-- create index "userlistmember_list_id_id" to table: "user_list_members"
CREATE INDEX "userlistmember_list_id_id" ON "user_list_members" ("list_id", "id");
-- create index "userlistmember_list_id_user_id" to table: "user_list_members"
CREATE UNIQUE INDEX "userlistmember_list_id_user_id" ON "user_list_members" ("list_id", "user_id");
-- create index "userlistmember_user_id_id" to table: "user_list_members"
CREATE INDEX "userlistmember_user_id_id" ON "user_list_members" ("user_id", "id");

-- +goose Down
-- reverse: create index "userlistmember_user_id_id" to table: "user_list_members"
DROP INDEX "userlistmember_user_id_id";
-- reverse: create index "userlistmember_list_id_user_id" to table: "user_list_members"
DROP INDEX "userlistmember_list_id_user_id";
-- reverse: create index "userlistmember_list_id_id" to table: "user_list_members"
DROP INDEX "userlistmember_list_id_id";
-- reverse: create "user_list_members" table
DROP TABLE "user_list_members";
-- reverse: create index "userlist_owner_id_id" to table: "user_lists"
DROP INDEX "userlist_owner_id_id";
-- reverse: create "user_lists" table
DROP TABLE "user_lists";
-- reverse: create index "posttag_tag_key_post_id" to table: "post_tags"
DROP INDEX "posttag_tag_key_post_id";
-- reverse: create index "posttag_post_id" to table: "post_tags"
DROP INDEX "posttag_post_id";
-- reverse: create "post_tags" table
DROP TABLE "post_tags";
-- reverse: create index "postmention_user_id_post_id" to table: "post_mentions"
DROP INDEX "postmention_user_id_post_id";
-- reverse: create index "postmention_post_id_user_id" to table: "post_mentions"
DROP INDEX "postmention_post_id_user_id";
-- reverse: create "post_mentions" table
DROP TABLE "post_mentions";
-- reverse: create index "mutedword_user_id_text_key" to table: "muted_words"
DROP INDEX "mutedword_user_id_text_key";
-- reverse: create index "mutedword_user_id_id" to table: "muted_words"
DROP INDEX "mutedword_user_id_id";
-- reverse: create "muted_words" table
DROP TABLE "muted_words";
-- reverse: create index "mute_muter_id_muted_id" to table: "mutes"
DROP INDEX "mute_muter_id_muted_id";
-- reverse: create index "mute_muter_id_id" to table: "mutes"
DROP INDEX "mute_muter_id_id";
-- reverse: create "mutes" table
DROP TABLE "mutes";
-- reverse: create index "followrequest_target_id_id" to table: "follow_requests"
DROP INDEX "followrequest_target_id_id";
-- reverse: create index "followrequest_requester_id_target_id" to table: "follow_requests"
DROP INDEX "followrequest_requester_id_target_id";
-- reverse: create index "followrequest_requester_id_id" to table: "follow_requests"
DROP INDEX "followrequest_requester_id_id";
-- reverse: create "follow_requests" table
DROP TABLE "follow_requests";
-- reverse: create index "block_blocker_id_id" to table: "blocks"
DROP INDEX "block_blocker_id_id";
-- reverse: create index "block_blocker_id_blocked_id" to table: "blocks"
DROP INDEX "block_blocker_id_blocked_id";
-- reverse: create index "block_blocked_id_blocker_id" to table: "blocks"
DROP INDEX "block_blocked_id_blocker_id";
-- reverse: create "blocks" table
DROP TABLE "blocks";
-- reverse: modify "profiles" table
ALTER TABLE "profiles" DROP COLUMN "private";
-- reverse: create index "posts_reposts" to table: "posts"
DROP INDEX "posts_reposts";
-- reverse: create index "posts_quotes" to table: "posts"
DROP INDEX "posts_quotes";
-- reverse: modify "posts" table
ALTER TABLE "posts" DROP COLUMN "edited_at", DROP COLUMN "version", DROP COLUMN "language", DROP COLUMN "content_warning", DROP COLUMN "quote_of_id", DROP COLUMN "repost_of_id", DROP COLUMN "reply_policy", DROP COLUMN "audience";
-- reverse: modify "accounts" table
ALTER TABLE "accounts" DROP COLUMN "role", DROP COLUMN "state";
